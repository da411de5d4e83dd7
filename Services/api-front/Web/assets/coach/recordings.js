// The list of a session's recordings, to be downloaded. It follows what the phones record by itself.

import { byId, make, setText } from "../common/dom.js";
import { bytes, count } from "../common/words.js";
import { recordingAddress, recordings } from "./api.js";

/** The server reads its disk for each list. */
const EVERY_MS = 5000;
/** How often at least, while corrected times are missing: some recordings never get any. */
const SELDOM_MS = 60_000;

/**
 * Whether it is time to ask again: more was recorded than when it was last asked, which is a while ago; or corrected times
 * are missing, which come when a phone has left, and were asked for `inVain` times since. Pure.
 */
export function isDue({ recorded, asked, now, askedAt, lacksTimes, inVain }) {
  if (recorded > asked) return now - askedAt >= EVERY_MS;
  return lacksTimes && now - askedAt >= Math.min(SELDOM_MS, EVERY_MS * 2 ** inVain);
}

export class RecordingList {
  constructor() {
    this.list = byId("recordings");
    this.open(null);
  }

  /** Shows another session's; null: none. */
  open(session) {
    this.session = session;
    this.rows = new Map();
    this.asked = 0;
    this.askedAt = -Infinity;
    this.lacksTimes = false;
    this.inVain = 0;
    this.list.replaceChildren();
    if (session) this.load();
  }

  /** Takes in a status: what the phones say that is recorded. */
  update({ devices }) {
    const recorded = devices.reduce((sum, device) => sum + device.frames_recorded, 0);
    // Phones that have left take their counts along.
    this.asked = Math.min(this.asked, recorded);
    const { asked, askedAt, lacksTimes, inVain } = this;
    if (document.hidden || !isDue({ recorded, asked, now: performance.now(), askedAt, lacksTimes, inVain })) return;
    this.inVain = recorded > asked ? 0 : inVain + 1;
    this.asked = recorded;
    this.ask();
  }

  /** Because somebody wants to see it, or something has ended. */
  load() {
    this.inVain = 0;
    return this.ask();
  }

  async ask() {
    const { session } = this;
    this.askedAt = performance.now();
    try {
      const files = await recordings(session);
      if (session === this.session) this.show(files);
    } catch (problem) {
      if (session === this.session) this.say(problem.message);
    }
  }

  /** Rows that are there already stay: somebody may be about to press one. */
  show(files) {
    this.lacksTimes = files.some((file) => !file.times_path);
    if (files.length === 0) return this.say("Nothing recorded yet.");
    const shown = files.map((file) => {
      // With the corrected times the row has one more link.
      const key = `${file.path} ${file.times_path ?? ""}`;
      const row = this.rows.get(key) ?? makeRow(this.session, file);
      setText(row.size, `${count(file.frames)} frames, ${bytes(file.bytes)}`);
      return [key, row];
    });
    const isSame = shown.length === this.rows.size && shown.every(([key]) => this.rows.has(key));
    this.rows = new Map(shown);
    if (!isSame) this.list.replaceChildren(...shown.map(([, row]) => row.element));
  }

  say(text) {
    this.rows = new Map();
    this.list.replaceChildren(make("li", { class: "fine", text }));
  }
}

/** A recording, and small beside it the index of its frames and their times as corrected afterwards. */
function makeRow(session, file) {
  const download = (path, text) => {
    const name = `${file.device_id}-${path.split("/").at(-1)}`;
    return make("a", { href: recordingAddress(session, path), download: name, text });
  };
  const beside = [download(file.index_path, "index")];
  if (file.times_path) beside.push(" · ", download(file.times_path, "times"));
  const size = make("span", { class: "fine" });
  return { size, element: make("li", {}, download(file.path, file.path), size, make("span", { class: "fine" }, ...beside)) };
}
