// The pairing API as a phone uses it (PROTOCOL.md, “Pairing, step by step”).

import { request } from "../common/http.js";

const SIGNALLING_MS = 3000;

/** `{ session_id, mode, expires_at, … }`, or a Problem that says why the token is no good. */
export function validate(token, deviceID) {
  return request("POST", "/api/pairing/validate", { json: deviceID ? { token, device_id: deviceID } : { token } });
}

/** `{ pairing_token, session_id, … }` for the code that stands beside the QR. */
export function redeemCode(code) {
  return request("POST", "/api/pairing/redeem_code", { json: { code } });
}

/** `{ session_id, device_id, ws_url, device_token, … }`. */
export function register(token, deviceID, attempt, metadata) {
  return request("POST", "/api/pairing/register_device", { json: { token, device_id: deviceID, attempt, metadata } });
}

/** The session as this device may see it; a final Problem means that its place is gone. */
export function sessionStatus(session, deviceToken) {
  const query = new URLSearchParams({ session_id: session });
  return request("GET", `/api/pairing/session_status?${query}`, { token: deviceToken });
}

/** `{ type: "answer", sdp }` to a WebRTC offer; `place` is `{ session_id, device_id }`. */
export function signalOffer(place, sdp, deviceToken) {
  const json = { ...place, type: "offer", sdp };
  return request("POST", "/api/pairing/signal_offer", { json, token: deviceToken, deadline: SIGNALLING_MS });
}
