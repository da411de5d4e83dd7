// How often a screen really changes: from the times of its frames.

const KEPT = 240;
/** A frame that comes later than this many usual ones was left out. */
const LATE = 1.5;

/** Takes the time of every frame, ms. */
export class Refresh {
  constructor() {
    this.gaps = [];
    this.last = null;
    this.late = 0;
  }

  take(ms) {
    const gap = this.last === null ? null : ms - this.last;
    this.last = ms;
    if (gap === null || gap <= 0) return;
    const usual = this.usualGap;
    if (usual !== null && gap > LATE * usual) this.late += 1;
    this.gaps.push(gap);
    if (this.gaps.length > KEPT) this.gaps.shift();
  }

  /** Frames left out since the page was shown are not the screen's: it was away. */
  forget() {
    this.last = null;
  }

  /** The median gap, ms; null before there are ten. */
  get usualGap() {
    if (this.gaps.length < 10) return null;
    return [...this.gaps].sort((a, b) => a - b)[this.gaps.length >> 1];
  }

  /** Changes a second, rounded; null while unknown. */
  get rate() {
    return this.usualGap === null ? null : Math.round(1000 / this.usualGap);
  }
}
