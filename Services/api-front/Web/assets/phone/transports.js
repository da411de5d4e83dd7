// Which way to connect: WebRTC first, the WebSocket where that finds no way.

import { iceServers, signalOffer } from "./api.js";
import { PeerSocket } from "./webrtc.js";

/** No open channel after this long: the network does not let it through. */
const PEER_OPENS_WITHIN_MS = 4000;
/** After a failure the WebSocket is used; this much later WebRTC gets another chance. */
const PEER_RETRY_MS = 60_000;

/** Makes PhoneLink's sockets. `place`: the phone's place, with its registration; `now`: any clock's milliseconds. */
export class Transports {
  constructor({ url, place, now = () => performance.now(), makePeer = (options) => new PeerSocket(options) }) {
    Object.assign(this, { url, place, now, makePeer });
    this.avoidPeerUntil = 0;
  }

  open() {
    if (this.isPeerWorthATry) return this.openPeer();
    return new WebSocket(this.url);
  }

  get isPeerWorthATry() {
    return typeof RTCPeerConnection === "function" && this.now() >= this.avoidPeerUntil;
  }

  openPeer() {
    const { token } = this.place.registration;
    const socket = this.makePeer({ iceServers: () => iceServers(token), signal: (sdp) => signalOffer(token, sdp) });
    const timer = setTimeout(() => socket.close(), PEER_OPENS_WITHIN_MS);
    let hasOpened = false;
    socket.addEventListener("open", () => {
      hasOpened = true;
      clearTimeout(timer);
    });
    socket.addEventListener("close", () => {
      clearTimeout(timer);
      if (!hasOpened) this.avoidPeerUntil = this.now() + PEER_RETRY_MS;
    });
    return socket;
  }
}
