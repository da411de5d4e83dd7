// The phone's half of the clock exchange (PROTOCOL.md). The phone stamps and echoes; the server estimates.

/**
 * DeviceTime in whole µs: `performance.now()` on the page's time origin. Monotonic while the page lives, and nearly
 * continuous over a reload, because the origin is the wall clock at the moment the page was opened.
 */
export function deviceTime(now = performance.now(), origin = performance.timeOrigin) {
  // Rounded apart: the sum is too large for a double to hold it exactly, and readings would no longer lie on the
  // browser's steps, by which the server tells how coarse this clock is.
  return Math.round(origin * 1000) + Math.round(now * 1000);
}

/** At most this many unanswered requests are remembered; older ones are lost and forgotten. */
const OUTSTANDING_LIMIT = 32;
const ROUND_TRIPS_KEPT = 60;
/** When this many are complete after a sleep, the server has three of them: what it needs to believe that a clock jumped. */
const TRUSTED_AFTER = 4;
const TRUST_WITHIN_US = 2_000_000;
const JUMP_MS = 250;

/**
 * Makes `clock` requests and completes them. A burst is sent back to back (the next request leaves when the answer has
 * come, and carries it as `prev`); afterwards a pair a second, of which the second brings the first to the server at once.
 * `now` gives DeviceTime µs.
 */
export class ClockExchange {
  constructor({ now = deviceTime, burst = 10, trickle = 2 } = {}) {
    this.now = now;
    this.burstLength = burst;
    this.trickleLength = trickle;
    this.lastID = 0;
    this.outstanding = new Map();
    this.completed = null;
    this.remaining = 0;
    this.roundTrips = [];
    this.distrustedUntil = null;
    this.completedSince = 0;
  }

  /** A new connection, or the page was hidden: old requests will not be answered, old round trips no longer count. */
  startBurst() {
    this.outstanding.clear();
    this.completed = null;
    this.roundTrips = [];
    this.remaining = this.burstLength;
  }

  /** Time for the next pair. */
  startTrickle() {
    this.remaining = this.trickleLength;
  }

  /** The clock may have stopped: until a few exchanges are complete, the server would read its times wrongly. */
  distrust() {
    this.distrustedUntil = this.now() + TRUST_WITHIN_US;
    this.completedSince = 0;
  }

  /** Whether the server can tell what this clock shows. Waits no longer than two seconds: a picture is better than none. */
  get isTrusted() {
    if (this.distrustedUntil === null) return true;
    if (this.completedSince < TRUSTED_AFTER && this.now() < this.distrustedUntil) return false;
    this.distrustedUntil = null;
    return true;
  }

  get isBursting() {
    return this.remaining > 0;
  }

  /** The next request as text. `t0` is read last, so that as little as possible lies between it and the sending. */
  request() {
    this.lastID = (this.lastID % 0xffffffff) + 1;
    const id = this.lastID;
    const tail = this.completed ? `,"prev":${JSON.stringify(this.completed)}}` : "}";
    this.completed = null;
    if (this.remaining > 0) this.remaining -= 1;
    if (this.outstanding.size >= OUTSTANDING_LIMIT) this.outstanding.delete(this.outstanding.keys().next().value);
    const t0 = this.now();
    this.outstanding.set(id, t0);
    return `{"type":"clock","id":${id},"t0":${t0}${tail}`;
  }

  /** Takes the answer that arrived at `t3` (DeviceTime µs). False: not an answer to a request of ours. */
  answer(message, t3) {
    const t0 = this.outstanding.get(message.id);
    if (t0 === undefined || message.t0 !== t0) return false;
    this.outstanding.delete(message.id);
    this.completed = { id: message.id, t0, t1: message.t1, t2: message.t2, t3 };
    this.completedSince += 1;
    this.roundTrips.push(t3 - t0 - (message.t2 - message.t1));
    if (this.roundTrips.length > ROUND_TRIPS_KEPT) this.roundTrips.shift();
    return true;
  }

  /** Half the best recent round trip, ms: what the server can know this clock to at best. Null before an answer. */
  get boundMs() {
    return this.roundTrips.length === 0 ? null : Math.max(0, Math.min(...this.roundTrips)) / 2000;
  }
}

/**
 * Notices that the monotonic clock stood still, as it does on most phones while they sleep: the wall clock then went on
 * alone. A wall clock that was set looks the same; measuring anew does no harm then.
 */
export class SleepWatch {
  constructor({ now = () => performance.now(), wall = () => Date.now() } = {}) {
    Object.assign(this, { now, wall });
    this.distance = wall() - now();
  }

  /** Whether that happened since the last call. */
  check() {
    const distance = this.wall() - this.now();
    const jumped = Math.abs(distance - this.distance) > JUMP_MS;
    this.distance = distance;
    return jumped;
  }
}

/** How good a bound is, in words: PROTOCOL.md, “Time”. */
export function syncQuality(boundMs) {
  if (boundMs === null) return "unknown";
  return boundMs < 5 ? "good" : boundMs < 50 ? "acceptable" : "poor";
}
