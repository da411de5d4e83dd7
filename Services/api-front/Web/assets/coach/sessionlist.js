// The sessions that the server holds, newest first.

import { byId, make, show } from "../common/dom.js";
import { instant } from "../common/words.js";
import { keptFor } from "./consent.js";

const STATES = { created: "no phone in it", waiting: "waiting for phones", active: "running", ended: "ended" };

/**
 * Shows `{ sessions, more, retention_days }`, and a button for older ones if there are more.
 *
 * `older(session_id)` gives the next page, or fails with what `onProblem` is told.
 */
export function showSessions({ sessions, more, retention_days }, { older, onProblem }) {
  const none = make("li", {
    class: "fine",
    text: `None yet. A session stays here until it is deleted, ${keptFor(retention_days)}.`,
  });
  byId("sessions").replaceChildren(...(sessions.length > 0 ? sessions.map(row) : [none]));
  offerOlder(sessions, more, { older, onProblem });
}

function offerOlder(sessions, more, { older, onProblem }) {
  const button = byId("older-sessions");
  show(button, more);
  button.disabled = false;
  button.onclick = async () => {
    button.disabled = true;
    try {
      const next = await older(sessions.at(-1).session_id);
      byId("sessions").append(...next.sessions.map(row));
      offerOlder(next.sessions, next.more, { older, onProblem });
    } catch (error) {
      button.disabled = false;
      onProblem(error);
    }
  };
}

function row(session) {
  const made = instant(session.created_at);
  const what = session.mode === "3d" ? "3D" : "single";
  const phones = `${session.registered_devices ?? 0} / ${session.expected_devices ?? "?"} phones`;
  return make(
    "li",
    {},
    make(
      "a",
      { href: `#/session/${encodeURIComponent(session.session_id)}` },
      make("strong", { text: session.session_id }),
      make("span", { class: "fine", text: [what, phones, STATES[session.state] ?? session.state].join(" · ") }),
      made ? make("time", { class: "fine", datetime: made.toISOString(), text: made.toLocaleString() }) : null,
    ),
  );
}
