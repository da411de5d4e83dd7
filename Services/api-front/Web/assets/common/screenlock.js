// Screens go dark by themselves; a page that films, or is filmed, asks them not to.

/** Keeps the screen on while `isWanted()`; asked for again each time the page is shown. */
export class ScreenLock {
  constructor(isWanted) {
    this.isWanted = isWanted;
    this.lock = null;
    this.isSupported = "wakeLock" in navigator;
  }

  async hold() {
    if (!this.isSupported || this.lock || document.visibilityState !== "visible" || !this.isWanted()) return;
    try {
      this.lock = await navigator.wakeLock.request("screen");
      this.lock.addEventListener("release", () => (this.lock = null));
    } catch {
      // Battery saver may refuse it; the page says to keep the screen on.
    }
  }

  release() {
    this.lock?.release().catch(() => {});
    this.lock = null;
  }
}
