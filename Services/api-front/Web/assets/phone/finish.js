// How long a camera that was stopped goes on sending its last pictures.

/** After so long without one more picture on disk, the rest is given up: the server is away, or has no room. */
export const PATIENCE_MS = 10_000;
/** A long backlog on a slow network; whoever waits sees the number fall. */
export const LONGEST_MS = 5 * 60_000;

/** Pure: times are any one clock's milliseconds, given by the caller. */
export class Finish {
  constructor(nowMs) {
    this.latestMs = nowMs + LONGEST_MS;
    this.untilMs = nowMs + PATIENCE_MS;
    this.acknowledged = 0;
  }

  /** `acknowledged`: the number up to which everything is on disk; `waiting`: pictures that are not. */
  isOver(nowMs, { acknowledged, waiting }) {
    if (waiting === 0) return true;
    if (acknowledged > this.acknowledged) {
      this.acknowledged = acknowledged;
      this.untilMs = nowMs + PATIENCE_MS;
    }
    return nowMs > Math.min(this.untilMs, this.latestMs);
  }
}
