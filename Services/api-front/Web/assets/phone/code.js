// The code from the coach's screen, for a phone that cannot scan: typed here, traded for the link that the QR holds.

import { Backoff } from "../common/backoff.js";
import { byId, setText, show } from "../common/dom.js";
import { Problem } from "../common/problem.js";
import { redeemCode } from "./api.js";

const SYMBOLS = 8;
/** While somebody else guesses codes, right ones are let through now and then: so often the page tries by itself. */
const LOCKED_ATTEMPTS = 5;

/**
 * Asks again while the server is busy with wrong codes of others; `onLocked` is called before each wait. Throws the last
 * refusal. `sleep(ms)` is injected for tests.
 */
export async function patiently(ask, onLocked, sleep = (ms) => new Promise((done) => setTimeout(done, ms))) {
  const backoff = new Backoff({ first: 1000, longest: 3000 });
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (problem) {
      if (problem.code !== "pairing_code_locked" || attempt === LOCKED_ATTEMPTS) throw problem;
      onLocked();
      await sleep(backoff.next());
    }
  }
}

const LOCKED = "Too many wrong codes are being typed on this server. Trying again by itself; scanning works meanwhile.";

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
      const code = bare(field.value);
      const answer = await patiently(() => redeemCode(code), () => complain(LOCKED));
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
