// What can be taken out of a session, and what a deletion removed.

import { byId, make, setText, show } from "../common/dom.js";
import { bytes, count, plural } from "../common/words.js";
import { missingPoses } from "./advice.js";
import { posesAddress } from "./api.js";

const USE = "TRC opens in OpenSim and Pose2Sim.";

/** A single phone has neither 3D poses nor a calibration; without poses there is nothing to download. */
export function adaptData(status) {
  show(byId("poses-column"), status.mode === "3d");
  show(byId("calibration-column"), status.mode === "3d");
  const missing = missingPoses(status);
  offerPoses(missing ? null : status.session_id);
  setText(byId("poses-words"), missing || USE);
}

/** Points the downloads at a session's poses; null: there are none. */
export function offerPoses(session) {
  for (const format of ["trc", "csv", "json"]) {
    const link = byId(format);
    // A link without an address is none: it cannot be pressed or reached with the keyboard.
    if (session) link.href = posesAddress(session, format);
    else link.removeAttribute("href");
    link.setAttribute("aria-disabled", String(!session));
  }
}

/** What a deletion removed, as the rows of a description list. */
export function showReceipt(receipt) {
  const rows = [
    ["Session", receipt.session_id],
    ["Phones", count(receipt.devices)],
    ["Pairing codes and keys", count(receipt.tokens)],
    ["Recordings", `${plural(receipt.recording_files ?? 0, "file")}, ${bytes(receipt.recording_bytes)}`],
    ["Pose files", count(receipt.pose_files)],
  ];
  if (receipt.pending?.length > 0) {
    rows.push(["Still to come", `${receipt.pending.join(", ")}: removed as soon as it answers`]);
  }
  byId("receipt").replaceChildren(
    ...rows.map(([term, value]) => make("div", {}, make("dt", { text: term }), make("dd", { text: value ?? "" }))),
  );
}
