// The phone's half of the clock exchange (PROTOCOL.md). The phone stamps and echoes; the server estimates.

/**
 * DeviceTime in whole µs: `performance.now()` on the page's time origin. Monotonic while the page lives, and nearly
 * continuous over a reload, because the origin is the wall clock at the moment the page was opened.
 */
export function deviceTime(now = performance.now(), origin = performance.timeOrigin) {
  return Math.round((origin + now) * 1000);
}

/** At most this many unanswered requests are remembered; older ones are lost and forgotten. */
const OUTSTANDING_LIMIT = 32;
const ROUND_TRIPS_KEPT = 60;

/**
 * Makes `clock` requests and completes them. A burst is sent back to back (the next request leaves when the answer has
 * come, and carries it as `prev`); afterwards one a second. `now` gives DeviceTime µs.
 */
export class ClockExchange {
  constructor({ now = deviceTime, burst = 10 } = {}) {
    this.now = now;
    this.burstLength = burst;
    this.lastID = 0;
    this.outstanding = new Map();
    this.completed = null;
    this.remaining = 0;
    this.roundTrips = [];
  }

  /** A new connection, or the page was hidden: old requests will not be answered, old round trips no longer count. */
  startBurst() {
    this.outstanding.clear();
    this.completed = null;
    this.roundTrips = [];
    this.remaining = this.burstLength;
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
    this.roundTrips.push(t3 - t0 - (message.t2 - message.t1));
    if (this.roundTrips.length > ROUND_TRIPS_KEPT) this.roundTrips.shift();
    return true;
  }

  /** Half the best recent round trip, ms: what the server can know this clock to at best. Null before an answer. */
  get boundMs() {
    return this.roundTrips.length === 0 ? null : Math.max(0, Math.min(...this.roundTrips)) / 2000;
  }
}

/** How good a bound is, in the words of DESIGN's limits. */
export function syncQuality(boundMs) {
  if (boundMs === null) return "unknown";
  return boundMs < 5 ? "good" : boundMs < 50 ? "acceptable" : "poor";
}
