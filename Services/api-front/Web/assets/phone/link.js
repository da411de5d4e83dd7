// The connection to the server, a WebSocket or what looks like one: hello, clock, frames, acknowledgements; comes back by itself after any break.

import { Backoff } from "../common/backoff.js";
import { Problem } from "../common/problem.js";
import { deviceTime } from "./clock.js";

/** More than this waiting in the browser's own buffer: hold back, so that live frames do not queue behind old ones. */
const HIGH_WATER = 384 * 1024;
const DRAIN_POLL_MS = 15;
const CLOCK_EVERY_MS = 1000;
/** The server answers every clock request, so this long without a word means that the line is dead. */
const SILENCE_MS = 6000;
const OPEN_WITHIN_MS = 8000;
/** On a connection that may lose frames, one that was not acknowledged after this long was lost. */
const LOST_AFTER_MS = 700;
/** Another page of this phone has connected. */
const REPLACED = ["replaced", "replaced_by_new_connection"];
/** After this long without a connection the page stops trying and asks the person. */
const GIVE_UP_MS = 15 * 60 * 1000;

/**
 * `open`: makes a WebSocket or what looks like one. `store`: FrameStore, `clock`: ClockExchange, `checkPlace`: async, throws a final Problem when the place is gone.
 * `on.state(name, problem)` with connecting, open, waiting or stopped; `on.message(message)` for errors and commands.
 */
export class PhoneLink {
  constructor({ open, store, clock, checkPlace, on }) {
    Object.assign(this, { open, store, clock, checkPlace, on });
    this.backoff = new Backoff();
    this.socket = null;
    this.isWelcome = false;
    this.isStopped = false;
    this.downSince = null;
    this.timers = {};
  }

  start() {
    this.connect();
  }

  /** Closes for good. */
  stop(problem = null) {
    if (this.isStopped) return;
    this.isStopped = true;
    this.drop();
    this.on.state("stopped", problem);
  }

  /** Network or page came back: do not wait for the timer. */
  hurry({ isOtherNetwork = false } = {}) {
    if (this.isStopped) return;
    if (this.socket === null) {
      this.backoff.reset();
      this.connect();
    } else if (this.isWelcome) {
      if (isOtherNetwork) this.socket.restart?.();
      this.burst();
    }
  }

  connect() {
    this.drop();
    if (this.isStopped) return;
    this.on.state("connecting");
    let socket;
    try {
      socket = this.open();
    } catch {
      this.retry();
      return;
    }
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.timers.open = setTimeout(() => this.broken(socket), OPEN_WITHIN_MS);
    socket.addEventListener("open", () => socket === this.socket && this.opened());
    socket.addEventListener("close", () => this.broken(socket));
    socket.addEventListener("message", (event) => {
      const arrived = deviceTime();
      if (socket === this.socket) this.received(event.data, arrived);
    });
  }

  opened() {
    const oldest = this.store.oldestSequence;
    this.send(JSON.stringify(oldest === null ? { type: "hello" } : { type: "hello", oldest_seq: oldest }));
    this.burst();
    this.heard();
  }

  received(data, arrived) {
    this.heard();
    if (typeof data !== "string") return;
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    switch (message.type) {
      case "clock":
        if (this.clock.answer(message, arrived)) this.scheduleClock();
        break;
      case "welcome":
        this.welcomed(message.next_seq);
        break;
      case "ack":
        this.store.acknowledge(message.seq);
        if (this.socket.isLossy) this.resend();
        this.pump();
        break;
      case "error":
        // Another page of this phone has the place now. To fight for it would cost both their frames.
        if (REPLACED.includes(message.code)) this.stop(new Problem({ status: 409, ...message }));
        else this.on.message(message);
        break;
      default:
        this.on.message(message);
    }
  }

  welcomed(next) {
    clearTimeout(this.timers.open);
    const again = this.isWelcome;
    this.isWelcome = true;
    this.downSince = null;
    this.backoff.reset();
    const missing = this.store.resume(next);
    if (missing) this.reportDropped([missing]);
    // A second welcome on one connection: stream-svc restarted and knows nothing of our clock.
    if (again) this.burst();
    this.on.state("open");
    this.pump();
  }

  reportDropped(ranges) {
    if (this.isWelcome) for (const range of ranges) this.send(JSON.stringify({ type: "dropped", ...range }));
  }

  /** Sends what fits into the browser's buffer; comes back when it has drained. */
  pump() {
    clearTimeout(this.timers.pump);
    if (!this.isWelcome || this.socket?.readyState !== WebSocket.OPEN) return;
    while (this.socket.bufferedAmount < HIGH_WATER) {
      const frame = this.store.nextToSend();
      if (!frame) return;
      this.socket.send(frame.message);
      this.store.markSent(frame.sequence, performance.now());
    }
    this.timers.pump = setTimeout(() => this.pump(), DRAIN_POLL_MS);
  }

  burst() {
    this.clock.startBurst();
    this.sendClock();
  }

  scheduleClock() {
    clearTimeout(this.timers.clock);
    if (this.clock.isBursting) this.sendClock();
    else this.timers.clock = setTimeout(() => this.sendClock(), CLOCK_EVERY_MS);
  }

  sendClock() {
    clearTimeout(this.timers.clock);
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.resend();
    this.pump();
    this.socket.send(this.clock.request());
    // An answer that never comes must not end the exchange.
    this.timers.clock = setTimeout(() => this.sendClock(), 2 * CLOCK_EVERY_MS);
  }

  resend() {
    this.store.resendStalled(performance.now(), this.socket.isLossy ? LOST_AFTER_MS : undefined);
  }

  send(text) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(text);
  }

  heard() {
    clearTimeout(this.timers.silence);
    const socket = this.socket;
    this.timers.silence = setTimeout(() => this.broken(socket), SILENCE_MS);
  }

  async broken(socket) {
    if (socket !== this.socket || socket === null) return;
    this.drop();
    if (this.isStopped) return;
    this.downSince ??= performance.now();
    this.on.state("waiting");
    try {
      await this.checkPlace();
    } catch (problem) {
      if (problem.isFinal) {
        this.stop(problem);
        return;
      }
    }
    this.retry();
  }

  retry() {
    if (this.isStopped || this.socket !== null) return;
    this.downSince ??= performance.now();
    if (performance.now() - this.downSince > GIVE_UP_MS) {
      this.stop(null);
      return;
    }
    clearTimeout(this.timers.retry);
    this.timers.retry = setTimeout(() => this.connect(), this.backoff.next());
  }

  drop() {
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    const socket = this.socket;
    this.socket = null;
    this.isWelcome = false;
    socket?.close();
  }
}
