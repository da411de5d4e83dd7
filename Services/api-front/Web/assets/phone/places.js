// Which session a pairing link belongs to: lets a reloaded page find its place after the link itself has expired.

import { Place } from "./place.js";

const KEY = "axolotl:links";
const KEPT = 8;

/** The session that this phone joined with that pairing token, or null. Only the token's tail is kept. */
export function sessionOf(token, storage) {
  return list(storage).find((one) => one.tail === tail(token))?.session ?? null;
}

/**
 * Remembers the session of a token, beside the session's earlier ones: another tab may have been opened with them. Of many
 * sessions only the latest few keep their places.
 */
export function remember(token, session, storage) {
  const others = list(storage).filter((one) => one.tail !== tail(token));
  const all = [{ tail: tail(token), session }, ...others];
  const kept = all.slice(0, KEPT);
  for (const old of all.slice(KEPT)) {
    if (!kept.some((one) => one.session === old.session)) new Place(old.session, storage).forget();
  }
  try {
    storage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Without storage a reload needs a fresh code.
  }
}

function list(storage) {
  try {
    const value = JSON.parse(storage.getItem(KEY) ?? "[]");
    return Array.isArray(value) ? value.filter((one) => one && typeof one.session === "string") : [];
  } catch {
    return [];
  }
}

function tail(token) {
  return token.slice(-16);
}
