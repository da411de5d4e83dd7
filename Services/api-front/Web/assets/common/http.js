// Requests to the server the page came from. Every request has a deadline; every failure becomes a Problem.

import { problemFrom, unreachable } from "./problem.js";

const DEADLINE_MS = 15_000;

/**
 * Sends a request and returns the parsed JSON answer (null when there is no body).
 * `json` is sent as JSON, `body` as it is; `token` as a bearer token.
 */
export async function request(method, path, { json, body, token, type, deadline = DEADLINE_MS } = {}) {
  const headers = { Accept: "application/json, application/problem+json" };
  if (json !== undefined) headers["Content-Type"] = "application/json";
  else if (type) headers["Content-Type"] = type;
  if (token) headers.Authorization = `Bearer ${token}`;
  const how = { method, headers, body: json !== undefined ? JSON.stringify(json) : body, redirect: "error" };
  const { answer, text } = await exchange(path, how, deadline);
  hearClock(answer.headers.get("date"));
  const parsed = parse(text);
  if (answer.status < 200 || answer.status > 299) throw problemFrom(answer.status, parsed);
  return parsed ?? null;
}

/** Follows a link that answers with a redirection and perhaps a cookie, and stays on this page. Throws a Problem for any other answer. */
export async function visit(path) {
  const { answer, text } = await exchange(path, { redirect: "manual" }, DEADLINE_MS);
  if (answer.type !== "opaqueredirect") throw problemFrom(answer.status, parse(text));
}

/** The answer and its text; a Problem when they have not come within the deadline. */
async function exchange(path, how, deadline) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), deadline);
  try {
    const answer = await fetch(path, { credentials: "same-origin", cache: "no-store", signal: stop.signal, ...how });
    return { answer, text: await answer.text() };
  } catch {
    throw unreachable();
  } finally {
    clearTimeout(timer);
  }
}

/** How far the server's wall clock is ahead of this device's in ms, by its latest answer, to about a second. */
export let serverAheadMs = 0;

function hearClock(date) {
  const instant = Date.parse(date ?? "");
  if (!Number.isNaN(instant)) serverAheadMs = instant - Date.now();
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `ws://` or `wss://` form of a path on this server; a complete URL stays as it is. */
export function socketURL(path, base = location.href) {
  const url = new URL(path, base);
  if (url.protocol === "http:") url.protocol = "ws:";
  if (url.protocol === "https:") url.protocol = "wss:";
  return url.href;
}
