// How much the phone films: less on a poor link, more again when it is good. Pure: told the backlog once a second.

const LONG_SIDE = 1280;
const RATE = 30;

/** Quality goes first, then resolution, then rate; `quality` of JPEG, `longSide` in pixels, `rate` a second. */
export const STEPS = [
  { quality: 0.75, longSide: LONG_SIDE, rate: RATE },
  { quality: 0.6, longSide: LONG_SIDE, rate: RATE },
  { quality: 0.45, longSide: LONG_SIDE, rate: RATE },
  { quality: 0.45, longSide: 960, rate: RATE },
  { quality: 0.45, longSide: 640, rate: RATE },
  { quality: 0.45, longSide: 640, rate: 15 },
  { quality: 0.45, longSide: 640, rate: 8 },
];

/** The step that the low-bandwidth switch forces at least. */
const LOW_BANDWIDTH_STEP = 4;

/** Waiting pictures, in seconds of filming, that are too much, and that are nothing. */
const BEHIND_S = 0.7;
const LEVEL_S = 0.15;
/** After a step down its effect is waited for; a step up must be earned, and a failed one is tried less soon. */
const SETTLE_S = 2;
const FIRST_PATIENCE_S = 8;
const LONGEST_PATIENCE_S = 120;

export class Adaptation {
  constructor() {
    this.step = 0;
    this.isLowBandwidth = false;
    this.patience = FIRST_PATIENCE_S;
    this.settling = 0;
    this.calm = 0;
    this.climbedAgo = Infinity;
  }

  /** What to film with now. */
  get settings() {
    return STEPS[Math.max(this.step, this.isLowBandwidth ? LOW_BANDWIDTH_STEP : 0)];
  }

  get isReduced() {
    return this.settings !== STEPS[0];
  }

  /**
   * Called once a second while the line is up. `waiting`: pictures not sent yet; `growth`: by how many that number rose
   * since the last call. A backlog from a break that shrinks is no reason to film less.
   */
  observe({ waiting, growth }) {
    this.settling = Math.max(0, this.settling - 1);
    this.climbedAgo += 1;
    const { rate } = this.settings;
    if (waiting > BEHIND_S * rate && growth >= 0) this.behind();
    else if (waiting <= LEVEL_S * rate) this.level();
    else this.calm = 0;
  }

  behind() {
    this.calm = 0;
    if (this.settling > 0 || this.step === STEPS.length - 1) return;
    // The step up did not hold: wait longer before the next.
    if (this.climbedAgo <= this.patience) this.patience = Math.min(LONGEST_PATIENCE_S, 2 * this.patience);
    this.step += 1;
    this.settling = SETTLE_S;
  }

  level() {
    this.calm += 1;
    if (this.step === 0) {
      if (this.calm > LONGEST_PATIENCE_S) this.patience = FIRST_PATIENCE_S;
      return;
    }
    if (this.calm < this.patience) return;
    this.step -= 1;
    this.calm = 0;
    this.climbedAgo = 0;
  }
}
