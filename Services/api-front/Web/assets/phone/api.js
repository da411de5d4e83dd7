// The pairing API as a phone uses it (DESIGN §6).

import { request } from "../common/http.js";

/** `{ session_id, mode, expires_at, … }`, or a Problem that says why the token is no good. */
export function validate(token, deviceID) {
  const query = new URLSearchParams(deviceID ? { token, device_id: deviceID } : { token });
  return request("GET", `/api/pairing/validate?${query}`);
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

/** A WebRTC offer's sdp; returns the answer's. */
export async function signalOffer(deviceToken, sdp) {
  const json = { type: "offer", sdp };
  const answer = await request("POST", "/api/pairing/signal_offer", { json, token: deviceToken, deadline: 6000 });
  return answer.sdp;
}

/** RTCIceServers for this device, with credentials made just now. */
export async function iceServers(deviceToken) {
  const answer = await request("GET", "/api/pairing/ice_servers", { token: deviceToken, deadline: 4000 });
  return answer.ice_servers;
}
