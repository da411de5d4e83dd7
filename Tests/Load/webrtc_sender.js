// Phones for the measurement of WebRTC, in a real browser: what a phone's page sends, without a camera.

import { encodeFrame, fragments } from "/assets/phone/header.js";

const MAXIMUM_MESSAGE = 65_536;
const HIGH_WATER = 1024 * 1024;
/** The frames channel resends nothing: what is not acknowledged for so long was lost. */
const LOST_AFTER_MS = 1500;

const deviceTime = () => Math.round(performance.now() * 1000);

export class LoadPhone {
  constructor() {
    this.peer = new RTCPeerConnection();
    this.frames = this.peer.createDataChannel("frames", { ordered: false, maxRetransmits: 0 });
    this.control = this.peer.createDataChannel("control", { ordered: true });
    this.frames.bufferedAmountLowThreshold = HIGH_WATER / 2;
    this.heard = [];
    this.hearers = [];
    this.control.onmessage = ({ data }) => this.take(JSON.parse(data), deviceTime());
    /** Number → when it was first sent and when last, and the message. */
    this.pending = new Map();
    this.acknowledgedAfterMs = [];
    this.sent = 0;
    this.resent = 0;
  }

  async offer() {
    await this.peer.setLocalDescription(await this.peer.createOffer());
    while (this.peer.iceGatheringState !== "complete") await once(this.peer, "icegatheringstatechange");
    return this.peer.localDescription.sdp;
  }

  async accept(sdp) {
    await this.peer.setRemoteDescription({ type: "answer", sdp });
    for (const channel of [this.frames, this.control]) if (channel.readyState !== "open") await once(channel, "open");
    this.say({ type: "hello" });
    await this.hear("welcome");
    let prev;
    for (const id of [1, 2, 3]) {
      this.say({ type: "clock", id, t0: deviceTime(), ...(prev && { prev }) });
      const { message, arrived } = await this.hear("clock");
      prev = { id, t0: message.t0, t1: message.t1, t2: message.t2, t3: arrived };
    }
  }

  say(message) {
    this.control.send(JSON.stringify(message));
  }

  take(message, arrived) {
    if (message.type === "ack") return this.acknowledge(message.seq);
    if (message.type === "error") throw new Error(`${message.code}: ${message.message}`);
    this.heard.push({ message, arrived });
    for (const wake of this.hearers.splice(0)) wake();
  }

  async hear(type) {
    for (;;) {
      const index = this.heard.findIndex(({ message }) => message.type === type);
      if (index >= 0) return this.heard.splice(index, 1)[0];
      await new Promise((wake) => this.hearers.push(wake));
    }
  }

  acknowledge(sequence) {
    const now = performance.now();
    // A map is in the order of insertion.
    for (const [number, { first }] of this.pending) {
      if (number > sequence) break;
      this.acknowledgedAfterMs.push(now - first);
      this.pending.delete(number);
    }
    this.wake?.();
  }

  send(picture, width, height) {
    const message = encodeFrame({ sequence: ++this.sent, captured: deviceTime(), width, height, payload: picture });
    const now = performance.now();
    this.pending.set(this.sent, { message, first: now, last: now });
    this.put(message);
  }

  put(message) {
    for (const part of fragments(message, MAXIMUM_MESSAGE)) this.frames.send(part);
  }

  resend() {
    const now = performance.now();
    if (this.frames.bufferedAmount > 0) return;
    for (const each of this.pending.values()) {
      if (now - each.last < LOST_AFTER_MS) continue;
      each.last = now;
      this.resent += 1;
      this.put(each.message);
    }
  }

  /** At `fps`, or with `window` frames unacknowledged all the time. Ends when all are acknowledged. */
  async stream({ picture, width, height, seconds, fps, window }) {
    const begin = performance.now();
    const resending = setInterval(() => this.resend(), 100);
    this.frames.onbufferedamountlow = () => this.wake?.();
    const first = this.sent;
    while (performance.now() - begin < seconds * 1000) {
      const due = fps
        ? performance.now() - begin >= ((this.sent - first) * 1000) / fps
        : this.pending.size < window && this.frames.bufferedAmount < HIGH_WATER;
      if (due) this.send(picture, width, height);
      else if (fps) await sleep(begin + ((this.sent - first) * 1000) / fps - performance.now());
      else await Promise.race([new Promise((wake) => (this.wake = wake)), sleep(50)]);
    }
    const patience = performance.now() + 20_000;
    while (this.pending.size > 0 && performance.now() < patience) await sleep(5);
    clearInterval(resending);
    return {
      sent: this.sent - first,
      unacknowledged: this.pending.size,
      resent: this.resent,
      seconds: (performance.now() - begin) / 1000,
      ackMs: this.acknowledgedAfterMs,
    };
  }
}

/** All phones at once; what they measured, put together. */
export async function stream(phones, { picture, ...options }) {
  const bytes = Uint8Array.from(atob(picture), (character) => character.charCodeAt(0));
  const runs = await Promise.all(phones.map((phone) => phone.stream({ picture: bytes, ...options })));
  const waits = runs.flatMap(({ ackMs }) => ackMs).sort((a, b) => a - b);
  const at = (share) => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))];
  const sum = (key) => runs.reduce((total, run) => total + run[key], 0);
  const frames = sum("sent") - sum("unacknowledged");
  return {
    frames_sent: sum("sent"),
    frames_acknowledged: frames,
    frames_resent: sum("resent"),
    frames_per_second: frames / Math.max(...runs.map(({ seconds }) => seconds)),
    ack_ms_p50: at(0.5),
    ack_ms_p99: at(0.99),
  };
}

const once = (target, event) => new Promise((wake) => target.addEventListener(event, wake, { once: true }));
const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms));
