// The sessions that the server holds, newest first.

import { byId, make } from "../common/dom.js";
import { instant } from "../common/words.js";
import { keptFor } from "./consent.js";

const STATES = { created: "no phone yet", waiting: "waiting for phones", active: "running", ended: "ended" };

/** `{ sessions, retention_days }`. */
export function showSessions({ sessions, retention_days }) {
  const rows = sessions.map((session) => {
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
  });
  const none = make("li", {
    class: "fine",
    text: `None yet. A session stays here until it is deleted, ${keptFor(retention_days)}.`,
  });
  byId("sessions").replaceChildren(...(rows.length > 0 ? rows : [none]));
}
