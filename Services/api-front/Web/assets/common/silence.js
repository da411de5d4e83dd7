// When nothing was heard for too long.

/** A timer that fires so much too late belongs to a page that stood still: what came meanwhile may wait behind it. */
const LATE_MS = 250;
/** For reading that, and for one more question and its answer. */
const GRACE_MS = 1000;

/** Calls `broken` after `patienceMs` without `heard`, once. A page that itself stood still is given a moment more. */
export class Silence {
  constructor(patienceMs, broken) {
    Object.assign(this, { patienceMs, broken });
    this.timer = null;
  }

  heard() {
    const due = performance.now() + this.patienceMs;
    this.wait(this.patienceMs, () => {
      if (performance.now() - due < LATE_MS) this.broken();
      else this.wait(GRACE_MS, this.broken);
    });
  }

  wait(ms, then) {
    this.stop();
    this.timer = setTimeout(then, ms);
  }

  stop() {
    clearTimeout(this.timer);
  }
}
