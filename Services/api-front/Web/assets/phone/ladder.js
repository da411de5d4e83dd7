// Which transport to use: the best one that works. Pure: told what happened and when, it says what to try.

/** Best first. */
export const RUNGS = ["webrtc", "websocket", "http"];

const FIRST_RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 120_000;

/**
 * Goes down at once when a transport fails, and tries the better ones again after a while: 10 s, then twice as long each
 * time, and at once when the network changed. When none works it goes round, beginning with the one that failed least.
 * `reason` says why a better one is not in use.
 */
export class Ladder {
  constructor(rungs = RUNGS) {
    this.rungs = rungs;
    this.index = 0;
    this.reason = null;
    /** name → { waitMs, retryAt } of those that failed. */
    this.faults = new Map();
  }

  get current() {
    return this.rungs[this.index];
  }

  /**
   * The transport in use, or one on trial, failed. True when that was the last one left to try: wait a little before
   * going round again.
   */
  failed(name, reason, nowMs) {
    const waitMs = Math.min(LONGEST_RETRY_MS, 2 * (this.faults.get(name)?.waitMs ?? FIRST_RETRY_MS / 2));
    this.faults.set(name, { waitMs, retryAt: nowMs + waitMs });
    const index = this.rungs.indexOf(name);
    if (index <= this.index && index < this.rungs.length - 1) this.reason = reason;
    if (name !== this.current) return false;
    const isLast = index === this.rungs.length - 1;
    this.index = isLast ? this.rungs.indexOf(this.leastFaulty()) : index + 1;
    return isLast;
  }

  leastFaulty() {
    const wait = (name) => this.faults.get(name)?.waitMs ?? 0;
    return this.rungs.reduce((best, name) => (wait(name) < wait(best) ? name : best));
  }

  /** A transport delivers: it is the one in use. */
  works(name) {
    this.index = this.rungs.indexOf(name);
    if (this.index === 0) this.reason = null;
  }

  /** It has delivered for so long that its earlier failures no longer count. */
  proved(name) {
    this.faults.delete(name);
  }

  /** The best transport above the one in use that is worth a trial now, or null. */
  better(nowMs) {
    return this.rungs.slice(0, this.index).find((name) => (this.faults.get(name)?.retryAt ?? 0) <= nowMs) ?? null;
  }

  /** Another network, or the page is back from the background: what failed there may work here. */
  networkChanged() {
    this.faults.clear();
  }
}
