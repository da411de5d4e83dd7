// The code from the coach's screen, for a phone that cannot scan: typed here, traded for the link that the QR holds.

import { byId, setText, show } from "../common/dom.js";
import { Problem } from "../common/problem.js";
import { redeemCode } from "./api.js";

const SYMBOLS = 8;

/** What was typed without what separates it; the server reads I, L and O as 1, 1 and 0. Pure. */
export function bare(typed) {
  return typed.replace(/[\s.\-_\u2010-\u2014\u2212]/g, "").toUpperCase();
}

/** Why it can be no code, or an empty text. Pure. */
export function faultOf(typed) {
  const code = bare(typed);
  if (code.length !== SYMBOLS) return `The code has ${SYMBOLS} letters and digits; this has ${code.length}.`;
  if (!/^[0-9A-TV-Z]+$/.test(code)) return "The code has only letters and digits, and no U. Compare it with the screen.";
  return "";
}

/** `onToken(token)` with the pairing token that a right code stands for. */
export function setUpCodeForm(onToken) {
  const form = byId("code-form");
  const field = byId("code");
  const button = form.querySelector("button");
  const complain = (text) => {
    setText(byId("code-problem"), text);
    show(byId("code-problem"), text !== "");
    field.setAttribute("aria-invalid", String(text !== ""));
  };
  field.addEventListener("input", () => complain(""));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fault = faultOf(field.value);
    complain(fault);
    if (fault) return field.focus();
    button.disabled = true;
    try {
      const answer = await redeemCode(bare(field.value));
      field.value = "";
      onToken(answer.pairing_token);
    } catch (problem) {
      complain(problem instanceof Problem ? problem.message : `Something went wrong on this page (${problem}).`);
      field.select();
    } finally {
      button.disabled = false;
    }
  });
}
