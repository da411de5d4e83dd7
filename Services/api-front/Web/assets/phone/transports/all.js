// The ways a phone's pictures can take, best first, each made when it is needed.

import { socketURL } from "../../common/http.js";
import { UploadTransport } from "./upload.js";
import { WebRTCTransport } from "./webrtc.js";
import { WebSocketTransport } from "./websocket.js";

/** name → (events) => transport, for `PhoneLink`. `registration`: what the page remembers of its place. */
export function transportsFor({ session, device, token, socket, iceServers }) {
  return {
    ...(WebRTCTransport.isPossible && {
      webrtc: (events) => new WebRTCTransport({ session, device, token, iceServers }, events),
    }),
    websocket: (events) => new WebSocketTransport(socketURL(socket), events),
    http: (events) => new UploadTransport({ session, device, token }, events),
  };
}
