// The calibration of a session: loading a file, and saying which phone stands for which camera.

import { byId, make, setText, setTone, show } from "../common/dom.js";
import { bytes, plural } from "../common/words.js";
import { getCalibration, putCalibration } from "./api.js";
import { choose, isPartOf, rename, suggest } from "./assignment.js";

const LIMIT = 256 * 1024;
const FORMS = "a Qualisys .qca.txt, or the JSON that PROTOCOL.md describes";
const HINT = `Takes ${FORMS}.`;

/** What is wrong with a file; where it is none of the two forms, they are named. Pure. */
export function faultWords({ code, message }) {
  const isOther = ["calibration_unreadable", "invalid_json", "missing_body"].includes(code);
  return isOther ? `${message} A calibration is ${FORMS}.` : message;
}

export class CalibrationPanel {
  constructor() {
    this.rows = byId("cameras");
    this.devices = [];
    this.open(null);
    byId("calibration").addEventListener("change", async (event) => {
      const [file] = event.target.files;
      if (file) await this.load(file);
      event.target.value = "";
    });
  }

  /** Shows another session's; null: none. */
  open(session) {
    this.session = session;
    this.document = null;
    this.chosen = {};
    this.sent = "";
    this.devices = [];
    /** Of the phones that were here, also of those that are away now: by device. */
    this.labels = new Map();
    this.draw();
    this.isKnown = false;
    this.say(HINT, "plain");
  }

  /** How many phones stand for no camera yet. */
  get unassigned() {
    if (!this.document) return 0;
    const placed = new Set(Object.values(this.chosen));
    return this.devices.filter((device) => !placed.has(device.device_id)).length;
  }

  /** Takes in a status: the phones that have joined, and whether the session has a calibration already. */
  update({ devices, reconstruction }) {
    const same = JSON.stringify(devices.map(name)) === JSON.stringify(this.devices.map(name));
    this.devices = devices;
    for (const { device_id, label } of devices) this.labels.set(device_id, label);
    if (reconstruction?.calibrated && !this.isKnown) this.fetch().catch(() => (this.isKnown = false));
    else if (!same) this.match();
  }

  async load(file) {
    if (file.size > LIMIT) {
      this.say(`${file.name} is too large for a calibration (${bytes(file.size)}).`, "bad");
      return;
    }
    this.say(`Reading ${file.name}…`, "busy");
    try {
      await putCalibration(this.session, file, file.name.endsWith(".json") ? "application/json" : "text/plain");
      this.chosen = {};
      await this.fetch();
    } catch (problem) {
      this.say(faultWords(problem), "bad");
    }
  }

  async fetch() {
    const session = this.session;
    this.isKnown = true;
    const document = await getCalibration(session);
    if (session !== this.session) return;
    this.document = document;
    this.sent = JSON.stringify(document);
    await this.match();
  }

  async match() {
    if (!this.document) return;
    this.chosen = suggest(this.document.cameras.map((camera) => camera.name), this.devices, this.chosen);
    this.draw();
    await this.apply({ byItself: true });
  }

  async apply({ byItself = false } = {}) {
    const renamed = rename(this.document, this.chosen);
    const wanted = JSON.stringify(renamed);
    // Phones that are not here, or not yet, are no reason to take out their cameras.
    const isLess = renamed && byItself && this.sent && isPartOf(renamed, JSON.parse(this.sent));
    if (renamed && wanted !== this.sent && !isLess) {
      try {
        await putCalibration(this.session, wanted, "application/json");
        this.sent = wanted;
      } catch (problem) {
        this.say(problem.message, "bad");
        return;
      }
    }
    if (renamed && this.unassigned === 0) this.say(this.summary(renamed.cameras.length), "good");
    else this.say("Choose the phone that stands where each camera stood. Cameras without one are left out.", "warn");
  }

  isAway(device) {
    return !this.devices.some(({ device_id }) => device_id === device);
  }

  summary(cameras) {
    const away = Object.values(this.chosen).filter((device) => this.isAway(device)).length;
    return plural(cameras, "camera") + (away === 0 ? ", each with its phone." : `; ${plural(away, "phone")} away.`);
  }

  draw() {
    const cameras = this.document?.cameras ?? [];
    show(this.rows, cameras.length > 0);
    this.rows.replaceChildren(...cameras.map((camera, index) => this.row(camera.name, index)));
  }

  row(camera, index) {
    const id = `camera-${index}`;
    const picker = make("select", { id });
    picker.append(make("option", { value: "", text: "no phone" }));
    this.devices.forEach((device, number) => {
      picker.append(make("option", { value: device.device_id, text: `${number + 1} ${device.label || device.device_id}` }));
    });
    const chosen = this.chosen[camera];
    if (chosen && this.isAway(chosen)) {
      picker.append(make("option", { value: chosen, text: `${this.labels.get(chosen) || chosen} (away)` }));
    }
    picker.value = chosen ?? "";
    picker.addEventListener("change", () => {
      this.chosen = choose(this.chosen, camera, picker.value);
      this.draw();
      byId(id).focus();
      this.apply();
    });
    return make("li", {}, make("label", { for: id, text: this.labels.get(camera) || camera }), picker);
  }

  say(text, tone) {
    setText(byId("calibration-result"), text);
    setTone(byId("calibration-result"), tone);
  }
}

const name = ({ device_id, label }) => [device_id, label];
