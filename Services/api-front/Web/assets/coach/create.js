// The form that makes a session.

import { byId, setText } from "../common/dom.js";
import { createSession } from "./api.js";
import { consentText } from "./consent.js";

/** What the coach is asked to agree to; until this is known no session can be made. */
let terms = null;

/** `{ retention_days, consent_version }`, as the list of sessions tells them. */
export function showTerms({ retention_days, consent_version }) {
  if (terms?.consent_version === consent_version) return;
  terms = { retention_days, consent_version };
  setText(byId("consent-text"), consentText(retention_days));
  byId("create").elements.consent.checked = false;
  byId("create").querySelector("button[type=submit]").disabled = false;
}

/** `onCreated(answer)` with the server's answer; `onProblem(problem)`. */
export function setUpForm({ onCreated, onProblem }) {
  const form = byId("create");
  const counts = byId("count");
  const button = form.querySelector("button[type=submit]");
  button.disabled = terms === null;
  const adapt = () => (counts.disabled = form.elements.mode.value !== "3d");
  form.addEventListener("change", adapt);
  adapt();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { mode, count, user, consent } = form.elements;
    button.disabled = true;
    try {
      const answer = await createSession({
        mode: mode.value,
        devices: mode.value === "3d" ? Number(count.value) : 1,
        user: user.value.trim(),
        consent: consent.checked,
        consentVersion: terms.consent_version,
      });
      // Consent is given for one session; the next one asks again.
      consent.checked = false;
      onCreated(answer);
    } catch (problem) {
      onProblem(problem);
    } finally {
      button.disabled = false;
    }
  });
}
