// The QR code, its link, the code to type, and how long they live. Kept for this browser tab only, so that a reload still shows it.

import { byId, setText, setTone, show } from "../common/dom.js";
import { serverAheadMs } from "../common/http.js";
import { Problem } from "../common/problem.js";
import { countdown, instant } from "../common/words.js";

const PREFIX = "axolotl:code:";
const SOON_S = 60;
/** How often the server is asked whether the code that is shown still lets phones in. */
const CHECK_MS = 5000;

/** Remembers the code that a session was given. */
export function keepCode(answer) {
  const code = {
    url: answer.pairing_url,
    svg: answer.pairing_qr_svg,
    typed: answer.pairing_code ?? "",
    // By this device's clock, which may be minutes off: the server's counts.
    expires: (instant(answer.expires_at)?.getTime() ?? 0) - serverAheadMs,
    warning: answer.warning,
  };
  try {
    sessionStorage.setItem(PREFIX + answer.session_id, JSON.stringify(code));
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

/** Forgets the codes of all sessions: the next one at this tab may be somebody else. */
export function forgetCodes() {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  } catch {
    // Nothing was kept.
  }
}

/** The code of a session if this tab has it and it has not expired, else null. */
export function codeOf(session, now = Date.now()) {
  try {
    const code = JSON.parse(sessionStorage.getItem(PREFIX + session) ?? "null");
    return code?.expires > now ? code : null;
  } catch {
    return null;
  }
}

/**
 * Shows a code and counts it down. `onExpired` is called once for each code, `validate(token)` asks the server about it: a
 * fresh code, made on another screen, withdraws the one that is shown here.
 */
export class Invite {
  constructor({ onExpired, validate }) {
    this.code = null;
    this.isReplaced = false;
    Object.assign(this, { onExpired, validate });
    isOwnAuthority().then((isOwn) => show(byId("certificate"), isOwn));
    byId("copy").addEventListener("click", () => this.copy());
    setInterval(() => this.tick(), 500);
    setInterval(() => this.check(), CHECK_MS);
    document.addEventListener("visibilitychange", () => this.check());
  }

  get isValid() {
    return this.code !== null && !this.isReplaced && this.secondsLeft > 0;
  }

  async check() {
    const code = this.code;
    if (!this.isValid || document.hidden || byId("invite").hidden) return;
    try {
      await this.validate(new URL(code.url).searchParams.get("token"));
    } catch (error) {
      if (!(error instanceof Problem) || code !== this.code) return;
      if (error.code === "token_revoked") this.isReplaced = true;
      else if (error.code === "token_expired") code.expires = 0;
      else return;
      this.tick();
    }
  }

  get secondsLeft() {
    return ((this.code?.expires ?? 0) - Date.now()) / 1000;
  }

  set(code) {
    const page = code ? pageOf(code.url) : "";
    this.code = code;
    this.isReplaced = false;
    this.wasValid = code !== null;
    if (!code) return;
    byId("qr").src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(code.svg)}`;
    const link = byId("link");
    link.href = code.url;
    setText(link, code.url);
    setText(byId("copy"), "Copy the link");
    const typed = code.typed ?? "";
    setText(byId("code"), typed);
    // Read out letter by letter, not as a word.
    byId("code").setAttribute("aria-label", [...typed.replace("-", "")].join(" "));
    setText(byId("code-address"), page);
    setText(byId("address-warning"), code.warning ?? "");
    show(byId("address-warning"), Boolean(code.warning));
    this.tick();
  }

  tick() {
    if (!this.code) return;
    const left = this.isReplaced ? 0 : this.secondsLeft;
    const expiry = byId("expiry");
    show(byId("qr"), left > 0);
    show(byId("typed"), left > 0 && Boolean(this.code.typed));
    show(byId("invite-help"), left > 0);
    byId("renew").classList.toggle("primary", left <= 0);
    if (left <= 0) {
      const why = this.isReplaced ? "This code was replaced on another screen." : "This code has expired.";
      setText(expiry, `${why} Phones that joined stay. A new code lets others in.`);
      setTone(expiry, "bad");
      if (this.wasValid) this.onExpired();
      this.wasValid = false;
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

/** Whether this page came with a certificate of the server's own authority, which phones do not know. */
async function isOwnAuthority() {
  if (location.protocol !== "https:") return false;
  const answer = await fetch("/axolotl-ca.crt").catch(() => null);
  return answer?.ok === true;
}

/** Where a code is typed: `https://192.168.1.10:5050/pair`. What is typed without its scheme is opened over http. Throws a Problem. */
export function pageOf(url) {
  try {
    const { origin, pathname } = new URL(url);
    return `${origin}${pathname}`;
  } catch {
    throw new Problem({
      code: "invalid_pairing_url",
      message: `The server's pairing link is no address (“${url}”). Set AXOLOTL_PUBLIC_URL to where phones reach it, such as `
        + "https://192.168.1.10:5050, restart it, and make a new QR code.",
    });
  }
}
