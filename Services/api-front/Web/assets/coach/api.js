// The API as the coach's page uses it (PROTOCOL.md). The cookie that the printed link has set opens it.

import { request, visit } from "../common/http.js";
import { Problem } from "../common/problem.js";

const at = (session, rest = "") => `/api/sessions/${encodeURIComponent(session)}${rest}`;

/** Trades the coach's key for the cookie, as the printed link does; the key goes into no history. Throws a Problem. */
export async function signIn(key) {
  await visit(`/?${new URLSearchParams({ key })}`);
  try {
    await listSessions();
  } catch (problem) {
    throw problem.status === 401 ? cookieLost() : problem;
  }
}

function cookieLost() {
  const secure = location.protocol === "https:" ? "" : " If the server is set to https://, open the page by that address.";
  return new Problem({
    status: 401,
    code: "cookie_lost",
    message: `The key is right, but this browser did not keep the sign-in. Allow cookies for this address.${secure}`,
  });
}

/** Ends what `signIn` began: the cookie opens nothing any more, here or wherever it was copied to. */
export function signOut() {
  return request("DELETE", "/api/coach/session");
}

/** `{ sessions, more, retention_days, consent_version }`, the newest session first, or those older than `after`. */
export function listSessions(after) {
  return request("GET", after ? `/api/sessions?${new URLSearchParams({ after })}` : "/api/sessions");
}

/** `{ session_id, pairing_url, pairing_token, pairing_qr_svg, pairing_code, expires_at }`. */
export function createSession({ mode, devices, user, consent, consentVersion }) {
  return request("POST", "/api/pairing/create_session", {
    json: {
      session_id: "auto",
      mode,
      user_id: user,
      expected_devices: devices,
      consent,
      consent_version: consentVersion,
    },
  });
}

export function sessionStatus(session) {
  return request("GET", `/api/pairing/session_status?${new URLSearchParams({ session_id: session })}`);
}

/** A fresh QR and code for the places that are free; the session's earlier ones are good no more. */
export function freshCode(session) {
  return request("POST", at(session, "/pairing"), { json: {} });
}

/** Whether a code still lets phones in; a `Problem` says why not. */
export function validateToken(token) {
  return request("POST", "/api/pairing/validate", { json: { token } });
}

export function renameDevice(session, device, label) {
  return request("PUT", at(session, `/devices/${encodeURIComponent(device)}`), { json: { label } });
}

export function removeDevice(session, device) {
  return request("DELETE", at(session, `/devices/${encodeURIComponent(device)}`));
}

export function setExpectedDevices(session, count) {
  return request("PUT", at(session, "/expected_devices"), { json: { expected_devices: count } });
}

export function endSession(session) {
  return request("POST", at(session, "/end"));
}

/** The receipt: what was removed. */
export function deleteSession(session) {
  return request("DELETE", at(session), { deadline: 30_000 });
}

export async function recordings(session) {
  const answer = await request("GET", at(session, "/recordings"));
  return answer?.files ?? [];
}

/** The calibration in force, in Axolotl's JSON form. */
export function getCalibration(session) {
  return request("GET", at(session, "/calibration"));
}

/** `body`: text, or a File of the person's disk, whose bytes go as they are. */
export function putCalibration(session, body, type) {
  return request("PUT", at(session, "/calibration"), { body, type });
}

export function recordingAddress(session, path) {
  return at(session, `/recordings/${path.split("/").map(encodeURIComponent).join("/")}`);
}

export function posesAddress(session, format) {
  return at(session, `/poses.${format}`);
}
