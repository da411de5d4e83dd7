// The line to the server, whatever carries it: hello, clock, frames, acknowledgements. Comes back by itself after any
// break, one rung lower where it must, and climbs again when it can.

import { Backoff } from "../common/backoff.js";
import { Problem, REPLACEMENTS } from "../common/problem.js";
import { Silence } from "../common/silence.js";
import { Ladder } from "./ladder.js";

const DRAIN_POLL_MS = 15;
const CLOCK_EVERY_MS = 1000;
/** The server answers every clock request, so this long without a word means that the line is dead. */
const SILENCE_MS = 3000;
/** From the first step to `welcome`; a little longer each time that nothing worked, for networks that are slow. */
const OPEN_WITHIN_MS = 3000;
const LONGEST_OPEN_MS = 10_000;
/** A line that held for so long is worth a second try before another kind is taken. */
const PROVED_MS = 5000;
/** After this long without a connection the page stops trying and asks the person. */
const GIVE_UP_MS = 15 * 60 * 1000;

/**
 * `transports`: name → (events) => transport, best first (see `transports/websocket.js` for what one is).
 * `store`: FrameStore, `clock`: ClockExchange, `checkPlace`: async, throws a final Problem when the place is gone,
 * `isElsewhere`: whether another page of this phone has taken over, perhaps unheard.
 * `on.state(name, problem)` with connecting, open, waiting or stopped; `on.message(message)` for errors and commands.
 */
export class PhoneLink {
  constructor({ transports, store, clock, checkPlace, isElsewhere = () => false, on }) {
    Object.assign(this, { transports, store, clock, checkPlace, isElsewhere, on });
    this.ladder = new Ladder(Object.keys(transports));
    this.backoff = new Backoff();
    /** In use, and on trial to take its place. */
    this.line = null;
    this.trial = null;
    this.isWelcome = false;
    this.isStopped = false;
    this.welcomeAt = null;
    this.downSince = null;
    this.timers = {};
    this.silence = new Silence(SILENCE_MS, () => this.broken(this.line, "the server fell silent"));
    this.condition = null;
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

  /** Network or page came back: do not wait for the timer. `slept`: the clock may have stopped meanwhile. */
  hurry({ slept = false } = {}) {
    if (this.isStopped) return;
    if (slept) this.clock.distrust();
    this.ladder.networkChanged();
    if (this.line === null) {
      this.backoff.reset();
      this.connect();
    } else if (this.isWelcome) {
      this.line.networkChanged?.();
      this.burst();
      this.climb();
    }
  }

  /** What carries the pictures now (null: nothing yet), and why not a better one. */
  get carrier() {
    return { name: this.isWelcome ? this.line.name : null, reason: this.ladder.reason };
  }

  connect() {
    this.drop();
    if (this.isStopped) return;
    if (this.isElsewhere()) {
      const message = "Another page of this phone streams now.";
      return this.stop(new Problem({ status: 409, code: REPLACEMENTS[0], message }));
    }
    this.on.state("connecting");
    const line = this.make(this.ladder.current);
    this.line = line;
    this.timers.open = setTimeout(() => this.broken(line, "no answer in time"), this.patience);
    line.open();
  }

  get patience() {
    return Math.min(LONGEST_OPEN_MS, OPEN_WITHIN_MS * (1 + this.backoff.attempts));
  }

  make(name) {
    const line = this.transports[name]({
      opened: () => this.opened(line),
      text: (text, arrived) => line === this.line && this.received(text, arrived),
      missed: (sequence) => line === this.line && this.missed(sequence),
      broken: (reason) => this.broken(line, reason),
    });
    return line;
  }

  opened(line) {
    if (line === this.trial) this.change();
    if (line !== this.line) return;
    const oldest = this.store.oldestSequence;
    this.send(JSON.stringify(oldest === null ? { type: "hello" } : { type: "hello", oldest_seq: oldest }));
    this.sendCondition();
    this.burst();
    this.silence.heard();
  }

  /** The one on trial is open: it takes over, and the old one goes. */
  change() {
    const old = this.line;
    this.line = this.trial;
    this.trial = null;
    this.isWelcome = false;
    clearTimeout(this.timers.trial);
    this.silence.stop();
    old?.close();
    const line = this.line;
    this.timers.open = setTimeout(() => this.broken(line, "no answer in time"), OPEN_WITHIN_MS);
  }

  received(text, arrived) {
    this.silence.heard();
    let message;
    try {
      message = JSON.parse(text);
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
        this.pump();
        break;
      case "error":
        // Another page of this phone has the place now. To fight for it would cost both their frames.
        // Uploads may be told so by this page's own line on trial; the others have made way for theirs by then.
        if (REPLACEMENTS.includes(message.code)) {
          if (this.trial === null || this.line.name !== "http") this.stop(new Problem({ status: 409, ...message }));
        } else if (message.code === "device_removed") this.stop(new Problem({ status: 403, ...message }));
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
    this.welcomeAt = performance.now();
    this.downSince = null;
    this.backoff.reset();
    this.ladder.works(this.line.name);
    const missing = this.store.resume(next);
    if (missing) this.reportDropped([missing]);
    // A second welcome on one connection: stream-svc restarted and knows nothing of our clock.
    if (again) {
      this.sendCondition();
      this.burst();
    }
    this.on.state("open");
    this.pump();
  }

  reportDropped(ranges) {
    if (this.isWelcome) for (const range of ranges) this.send(JSON.stringify({ type: "dropped", ...range }));
  }

  /** Sends what the line takes; comes back when it has drained. */
  pump() {
    clearTimeout(this.timers.pump);
    if (!this.isWelcome) return;
    while (this.line?.canSend) {
      const frame = this.store.nextToSend();
      if (!frame) return;
      this.store.markSent(frame.sequence, performance.now());
      this.line.sendFrame(frame.message);
    }
    if (this.line) this.timers.pump = setTimeout(() => this.pump(), DRAIN_POLL_MS);
  }

  burst() {
    this.clock.startBurst();
    this.sendClock();
  }

  scheduleClock() {
    clearTimeout(this.timers.clock);
    if (this.clock.isBursting) this.sendClock();
    else this.timers.clock = setTimeout(() => this.trickle(), CLOCK_EVERY_MS);
  }

  trickle() {
    this.clock.startTrickle();
    this.sendClock();
  }

  /** What the server should know of this phone now: `{ hidden, capture }` (PROTOCOL.md). */
  tell(condition) {
    this.condition = condition;
    this.sendCondition();
  }

  sendCondition() {
    if (this.condition) this.send(JSON.stringify({ type: "condition", ...this.condition }));
  }

  sendClock() {
    clearTimeout(this.timers.clock);
    if (this.line === null) return;
    this.store.resendStalled(performance.now(), this.line.stalledMs);
    this.pump();
    this.climb();
    this.line.sendText(this.clock.request());
    // An answer that never comes must not end the exchange.
    this.timers.clock = setTimeout(() => this.sendClock(), 2 * CLOCK_EVERY_MS);
  }

  /** Puts a better transport on trial when one is due, beside the one in use. */
  climb() {
    if (!this.isWelcome || this.trial) return;
    const now = performance.now();
    if (now - this.welcomeAt > PROVED_MS) this.ladder.proved(this.line.name);
    const name = this.ladder.better(now);
    if (name === null) return;
    // An upload that arrives after the new line was opened would take the place back.
    this.line.pause?.();
    clearTimeout(this.timers.climb);
    if (this.line.isQuiet === false) {
      this.timers.climb = setTimeout(() => this.climb(), DRAIN_POLL_MS);
      return;
    }
    const trial = this.make(name);
    this.trial = trial;
    this.timers.trial = setTimeout(() => this.broken(trial, "no answer in time"), OPEN_WITHIN_MS);
    trial.open();
  }

  send(text) {
    this.line?.sendText(text);
  }

  /** A picture did not reach the server, and is sent again without waiting for its acknowledgement. */
  missed(sequence) {
    this.store.unsend(sequence);
    this.pump();
  }

  async broken(line, reason) {
    const now = performance.now();
    if (line === this.trial && line !== null) {
      this.trial = null;
      clearTimeout(this.timers.trial);
      line.close();
      this.ladder.failed(line.name, reason, now);
      this.line?.resume?.();
      this.pump();
      return;
    }
    if (line !== this.line || line === null) return;
    // The server ends a line as soon as it hears of the next: that one is to be waited for.
    if (this.trial !== null) return this.change();
    const held = this.isWelcome && now - this.welcomeAt > PROVED_MS;
    this.drop();
    if (this.isStopped) return;
    this.downSince ??= now;
    this.on.state("waiting");
    const mustWait = !held && this.ladder.failed(line.name, reason, now);
    try {
      await this.checkPlace();
    } catch (problem) {
      if (problem.isFinal) {
        this.stop(problem);
        return;
      }
    }
    if (mustWait) this.retry();
    else if (this.line === null) this.connect();
  }

  retry() {
    if (this.isStopped || this.line !== null) return;
    if (performance.now() - this.downSince > GIVE_UP_MS) {
      this.stop(null);
      return;
    }
    clearTimeout(this.timers.retry);
    this.timers.retry = setTimeout(() => this.connect(), this.backoff.next());
  }

  drop() {
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.silence.stop();
    for (const line of [this.line, this.trial]) line?.close();
    this.line = null;
    this.trial = null;
    this.isWelcome = false;
  }
}
