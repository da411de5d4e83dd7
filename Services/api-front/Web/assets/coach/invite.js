// The QR code, its link and how long it lives. Kept for this browser tab only, so that a reload still shows it.

import { byId, setText, setTone, show } from "../common/dom.js";
import { countdown, instant } from "../common/words.js";

const PREFIX = "axolotl:code:";
const SOON_S = 60;

/** Remembers the code of a new session. */
export function keepCode({ session_id: session, pairing_url: url, pairing_qr_svg: svg, expires_at: expires, warning }) {
  const code = { url, svg, expires, warning };
  try {
    sessionStorage.setItem(PREFIX + session, JSON.stringify(code));
  } catch {
    // Without storage the code is shown until the page is reloaded.
  }
  return code;
}

export function forgetCode(session) {
  try {
    sessionStorage.removeItem(PREFIX + session);
  } catch {
    // Nothing was kept.
  }
}

/** The code of a session if this tab has it and it has not expired, else null. */
export function codeOf(session, now = Date.now()) {
  try {
    const code = JSON.parse(sessionStorage.getItem(PREFIX + session) ?? "null");
    return code && (instant(code.expires)?.getTime() ?? 0) > now ? code : null;
  } catch {
    return null;
  }
}

/** Shows a code and counts it down. */
export class Invite {
  constructor() {
    this.code = null;
    byId("copy").addEventListener("click", () => this.copy());
    setInterval(() => this.tick(), 500);
  }

  get isValid() {
    return this.code !== null && this.secondsLeft > 0;
  }

  get secondsLeft() {
    return ((instant(this.code?.expires)?.getTime() ?? 0) - Date.now()) / 1000;
  }

  set(code) {
    this.code = code;
    if (!code) return;
    byId("qr").src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(code.svg)}`;
    const link = byId("link");
    link.href = code.url;
    setText(link, code.url);
    setText(byId("copy"), "Copy the link");
    setText(byId("address-warning"), code.warning ?? "");
    show(byId("address-warning"), Boolean(code.warning));
    this.tick();
  }

  tick() {
    if (!this.code) return;
    const left = this.secondsLeft;
    const expiry = byId("expiry");
    show(byId("qr"), left > 0);
    if (left <= 0) {
      setText(expiry, "This code has expired. Phones that joined stay; to let others in, make a new session.");
      setTone(expiry, "bad");
      return;
    }
    setText(expiry, `Valid for ${countdown(left)}`);
    setTone(expiry, left < SOON_S ? "warn" : "plain");
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.code.url);
      setText(byId("copy"), "Copied");
    } catch {
      // Not allowed here: select the link instead, to be copied by hand.
      getSelection().selectAllChildren(byId("link"));
      setText(byId("copy"), "Press Ctrl-C to copy");
    }
  }
}
