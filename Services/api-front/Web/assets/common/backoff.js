// When to try again: quickly at first, then less and less often, with jitter so that four phones do not knock together.

/** Delays grow from `first` to `longest` ms; `random` is injected for tests. */
export class Backoff {
  constructor({ first = 250, longest = 5000, random = Math.random } = {}) {
    this.first = first;
    this.longest = longest;
    this.random = random;
    this.attempts = 0;
  }

  /** Milliseconds to wait before the next attempt. */
  next() {
    const full = Math.min(this.longest, this.first * 2 ** Math.min(this.attempts, 20));
    this.attempts += 1;
    return Math.round(full * (0.75 + 0.5 * this.random()));
  }

  reset() {
    this.attempts = 0;
  }
}
