// The list of phones: one row each, and an empty place for each phone that is still awaited.

import { byId, make, setText, setTone, show } from "../common/dom.js";
import { ago, bytes, count } from "../common/words.js";
import { deviceState, lossWords, shiftWords, syncWords } from "./advice.js";

const TRANSPORTS = { websocket: "WebSocket", webrtc: "WebRTC", http: "HTTP upload" };

/** `onRename(device, name)` and `onRemove(device, name)` are called with the phone's id and the name it shows. */
export class DeviceList {
  constructor(on) {
    this.on = on;
    this.list = byId("devices");
    this.rows = new Map();
    this.places = [];
  }

  clear() {
    this.rows.clear();
    this.places = [];
    this.list.replaceChildren();
  }

  update(devices, expected, isOver = false) {
    const known = new Set(devices.map((device) => device.device_id));
    for (const [id, row] of this.rows) {
      if (known.has(id)) continue;
      row.element.remove();
      this.rows.delete(id);
    }
    devices.forEach((device, index) => {
      let row = this.rows.get(device.device_id);
      if (!row) {
        row = makeRow(device.device_id, this.on);
        this.rows.set(device.device_id, row);
        this.list.insertBefore(row.element, this.places[0] ?? null);
      }
      fill(row, device, index, isOver);
      show(row.actions, !isOver);
    });
    this.fillPlaces(devices.length, Math.max(0, expected - devices.length));
  }

  fillPlaces(taken, free) {
    while (this.places.length > free) this.places.pop().remove();
    while (this.places.length < free) {
      const place = make("li", { class: "device free" });
      this.places.push(place);
      this.list.append(place);
    }
    this.places.forEach((place, index) => setText(place, `Phone ${taken + index + 1}: waiting for it to scan the code`));
  }
}

function makeRow(id, on) {
  const part = (tag, name) => make(tag, { class: name });
  const row = {
    number: part("span", "number"),
    name: part("h3", "name"),
    state: part("p", "state"),
    hint: part("p", "hint"),
    values: {},
  };
  const figures = part("dl", "device-figures");
  for (const [key, label] of [
    ["fps", "frames / s"], ["recorded", "recorded"], ["lost", "lost"], ["sync", "clock"], ["seen", "last picture"],
    ["via", "via"],
  ]) {
    row.values[key] = make("dd");
    figures.append(make("div", { class: `f-${key}` }, make("dt", { text: label }), row.values[key]));
  }
  const action = (text, call) => make("button", {
    type: "button", class: "quiet", text, on: { click: () => call(id, row.name.textContent) },
  });
  row.rename = action("Rename", on.onRename);
  row.remove = action("Remove…", on.onRemove);
  row.actions = make("p", { class: "actions" }, row.rename, row.remove);
  const head = make("div", { class: "head" }, make("div", { class: "who" }, row.number, row.name), row.state);
  row.element = make("li", { class: "device" }, head, figures, row.hint, row.actions);
  return row;
}

function fill(row, device, index, isOver) {
  const state = deviceState(device, isOver);
  const sync = syncWords(device.sync);
  const loss = lossWords(device);
  const shift = shiftWords(device);
  setTone(row.element, state.tone);
  setText(row.number, String(index + 1));
  const name = device.label || device.device_id;
  setText(row.name, name);
  row.rename.setAttribute("aria-label", `Rename ${name}`);
  row.remove.setAttribute("aria-label", `Remove ${name}`);
  setText(row.state, state.word);
  const fps = isOver ? 0 : device.fps;
  setText(row.values.fps, fps > 0 && fps < 9.95 ? fps.toFixed(1) : fps.toFixed(0));
  setText(row.values.recorded, count(device.frames_recorded));
  setText(row.values.lost, count(device.frames_lost));
  setTone(row.values.lost, device.frames_lost > 0 ? "warn" : "plain");
  setText(row.values.sync, sync.word);
  setTone(row.values.sync, isOver ? "plain" : sync.tone);
  setText(row.values.seen, ago(device.last_seen_ms));
  setText(row.values.via, TRANSPORTS[device.transport] ?? "—");
  row.element.title = device.bytes_recorded ? `${bytes(device.bytes_recorded)} on disk` : "";
  const tones = [state.tone, sync.tone, loss || shift ? "warn" : "plain"];
  setTone(row.hint, isOver ? "plain" : ["bad", "warn", "busy"].find((tone) => tones.includes(tone)) ?? "plain");
  const hint = isOver ? loss : [state.hint, sync.hint, shift, loss].filter(Boolean).join(" ");
  setText(row.hint, hint);
  show(row.hint, hint !== "");
}
