// One HTTP request per picture: the emergency transport, for networks that let nothing else through.
//
// The server cannot speak first here, so its words are put together from its answers: an upload is answered when the
// picture is on disk, and `ntp_sync` is the clock exchange.

import { request } from "../../common/http.js";
import { mayChange, RECORDING_PROBLEMS } from "../../common/problem.js";
import { deviceTime } from "../clock.js";
import { readHeader } from "../header.js";

const IN_FLIGHT = 3;
/** Failures in a row before the line counts as dead. */
const PATIENCE = 3;
const DEADLINE_MS = 10_000;
const RETRY_MS = 500;

export class UploadTransport {
  constructor({ session, device, token }, events) {
    this.name = "http";
    this.place = { session_id: session, device_id: device };
    this.token = token;
    this.events = events;
    this.inFlight = 0;
    this.asking = 0;
    this.isPaused = false;
    this.failures = 0;
    this.pauseUntil = 0;
    this.oldest = null;
    this.isOpen = false;
  }

  /** Open when the server has answered a first question. */
  async open() {
    this.isOpen = true;
    try {
      await this.exchange({ id: 0, t0: deviceTime() });
    } catch (problem) {
      if (this.isOpen) this.fail(problem.message);
      return;
    }
    if (this.isOpen) this.events.opened();
  }

  get canSend() {
    return this.isOpen && !this.isPaused && this.inFlight < IN_FLIGHT && performance.now() >= this.pauseUntil;
  }

  /** Nothing new is sent, until `resume`; `isQuiet` when nothing is under way any more. */
  pause() {
    this.isPaused = true;
  }

  resume() {
    this.isPaused = false;
  }

  get isQuiet() {
    return this.asking === 0;
  }

  get stalledMs() {
    return 2 * DEADLINE_MS;
  }

  sendText(text) {
    const message = JSON.parse(text);
    if (this.isPaused) return;
    if (message.type === "clock") this.measure(message);
    else if (message.type === "hello") this.greet(message);
    // What was given up is told with the next upload: it names the oldest picture still held.
    else if (message.type === "dropped") this.oldest = Math.max(this.oldest ?? 0, message.through + 1);
  }

  async sendFrame(message) {
    const { sequence, captured, width, height } = readHeader(message);
    const oldest = Math.min(this.oldest ?? sequence, sequence);
    const query = new URLSearchParams({ seq: sequence, ts_device_us: captured, oldest_seq: oldest, width, height });
    this.inFlight += 1;
    try {
      const body = message.subarray(32);
      const answer = await this.ask("POST", `/api/pairing/upload_frame?${query}`, { body, type: "image/jpeg" });
      this.failures = 0;
      if (this.isOpen) this.events.text(JSON.stringify({ type: "ack", seq: answer.acknowledged }), deviceTime());
    } catch (problem) {
      this.missed(problem);
      if (this.isOpen && mayChange(problem)) this.events.missed(sequence);
    } finally {
      this.inFlight -= 1;
    }
  }

  close() {
    this.isOpen = false;
  }

  async greet({ oldest_seq: oldest }) {
    this.oldest = oldest ?? null;
    try {
      const status = await this.ask("GET", `/api/pairing/session_status?session_id=${this.place.session_id}`);
      const own = status.devices.find((device) => device.device_id === this.place.device_id);
      const next = Math.max(1, oldest ?? (own?.last_sequence ?? 0) + 1);
      if (this.isOpen) this.events.text(JSON.stringify({ type: "welcome", next_seq: next }), deviceTime());
    } catch (problem) {
      if (this.isOpen) this.fail(problem.message);
    }
  }

  async measure(message) {
    try {
      const answer = await this.exchange(message);
      if (this.isOpen) this.events.text(JSON.stringify(answer.message), answer.arrived);
    } catch (problem) {
      this.missed(problem);
    }
  }

  /** One clock exchange; µs on both sides, ms with fractions on the wire. */
  async exchange({ id, t0, prev }) {
    const json = { ...this.place, ts_device: t0 / 1000, ...(prev ? { prev } : {}) };
    const answer = await this.ask("POST", "/api/pairing/ntp_sync", { json });
    const arrived = deviceTime();
    const [t1, t2] = [answer.ts_server_receive, answer.ts_server_send].map((ms) => Math.round(ms * 1000));
    return { message: { type: "clock", id, t0, t1, t2 }, arrived };
  }

  async ask(method, path, options = {}) {
    this.asking += 1;
    try {
      return await request(method, path, { ...options, token: this.token, deadline: DEADLINE_MS });
    } finally {
      this.asking -= 1;
    }
  }

  missed(problem) {
    if (!this.isOpen) return;
    const isServersDisk = RECORDING_PROBLEMS.includes(problem.code);
    if (!isServersDisk) this.failures += 1;
    this.pauseUntil = performance.now() + RETRY_MS;
    if (isServersDisk || (problem.status >= 400 && problem.status < 500 && problem.status !== 429)) {
      // This picture, this phone, or all of recording was refused by name: that is news for the page, not a broken line.
      this.events.text(JSON.stringify({ type: "error", code: problem.code, message: problem.message }), deviceTime());
    }
    if (problem.isFinal || this.failures >= PATIENCE) this.fail(problem.message);
  }

  fail(reason) {
    this.close();
    this.events.broken(reason);
  }
}
