// The form that makes a session.

import { byId, setText } from "../common/dom.js";
import { createSession } from "./api.js";
import { CONSENT_TEXT, CONSENT_VERSION } from "./consent.js";

/** `onCreated(answer)` with the server's answer; `onProblem(problem)`. */
export function setUpForm({ onCreated, onProblem }) {
  const form = byId("create");
  const counts = byId("count");
  const button = form.querySelector("button[type=submit]");
  setText(byId("consent-text"), CONSENT_TEXT);
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
        consentVersion: CONSENT_VERSION,
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
