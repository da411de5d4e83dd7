// What can be taken out of a session, and what a deletion removed.

import { byId, make, show } from "../common/dom.js";
import { bytes, count, plural } from "../common/words.js";
import { posesAddress, recordingAddress, recordings } from "./api.js";

/** Points the downloads at a session. */
export function setUpData(session) {
  for (const format of ["trc", "csv", "json"]) byId(format).href = posesAddress(session, format);
}

/** A single phone has neither 3D poses nor a calibration. */
export function adaptData(mode) {
  show(byId("poses-column"), mode === "3d");
  show(byId("calibration-column"), mode === "3d");
}

export async function showRecordings(session) {
  const list = byId("recordings");
  try {
    const files = await recordings(session);
    list.replaceChildren(...files.map((file) => recordingRow(session, file)));
    if (files.length === 0) list.replaceChildren(make("li", { class: "fine", text: "Nothing recorded yet." }));
  } catch (problem) {
    list.replaceChildren(make("li", { class: "fine", text: problem.message }));
  }
}

/** A recording, and small beside it the index of its frames and their times as corrected afterwards. */
function recordingRow(session, file) {
  const download = (path, text) => {
    const name = `${file.device_id}-${path.split("/").at(-1)}`;
    return make("a", { href: recordingAddress(session, path), download: name, text });
  };
  const beside = [download(file.index_path, "index")];
  if (file.times_path) beside.push(" · ", download(file.times_path, "times"));
  return make(
    "li",
    {},
    download(file.path, file.path),
    make("span", { class: "fine", text: `${count(file.frames)} frames, ${bytes(file.bytes)}` }),
    make("span", { class: "fine" }, ...beside),
  );
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
