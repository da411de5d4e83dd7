// A WebRTC connection to the server that PhoneLink can use like a WebSocket: two DataChannels behind one socket's face.

import { fragmentsOf } from "./fragments.js";

const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];
/** RFC 8841: what a peer takes that announces nothing. */
const DEFAULT_MESSAGE_SIZE = 65_536;
/** Candidates of the phone's own network are there in a few milliseconds; a STUN server is not waited for longer. */
const GATHER_MS = 700;
/** A Wi-Fi that only hiccups comes back by itself. */
const DISCONNECTED_MS = 1500;
const RESTART_WITHIN_MS = 6000;

/**
 * `signal`: async, takes the offer's sdp and returns the answer's. `iceServers`: async, returns RTCIceServers.
 *
 * Text goes over `control` (reliable, in order), frames over `frames` (unordered, never sent again by the browser: what
 * is lost is sent again by PhoneLink when it stays unacknowledged).
 */
export class PeerSocket extends EventTarget {
  constructor({ signal, iceServers = async () => [] }) {
    super();
    this.signal = signal;
    this.iceServers = iceServers;
    this.readyState = CONNECTING;
    this.timers = {};
    this.peer = new RTCPeerConnection();
    this.control = this.peer.createDataChannel("control");
    this.frames = this.peer.createDataChannel("frames", { ordered: false, maxRetransmits: 0 });
    for (const channel of [this.control, this.frames]) {
      channel.binaryType = "arraybuffer";
      channel.addEventListener("open", () => this.opened());
      channel.addEventListener("close", () => this.close());
      channel.addEventListener("message", (event) => this.dispatchEvent(new MessageEvent("message", { data: event.data })));
    }
    this.peer.addEventListener("connectionstatechange", () => this.changed());
    this.negotiate().catch(() => this.close());
  }

  /** What may be lost on the way, for PhoneLink to look after. */
  get isLossy() {
    return true;
  }

  get transport() {
    return "webrtc";
  }

  get bufferedAmount() {
    return this.frames.bufferedAmount;
  }

  send(data) {
    if (this.readyState !== OPEN) return;
    if (typeof data === "string") {
      this.control.send(data);
      return;
    }
    const size = Math.min(this.peer.sctp?.maxMessageSize || DEFAULT_MESSAGE_SIZE, DEFAULT_MESSAGE_SIZE);
    for (const piece of fragmentsOf(data, size)) this.frames.send(piece);
  }

  close() {
    if (this.readyState >= CLOSING) return;
    this.readyState = CLOSED;
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.peer.close();
    this.dispatchEvent(new Event("close"));
  }

  /** The network changed: new candidates and credentials, the same channels. */
  async restart() {
    if (this.readyState !== OPEN || this.isRestarting) return;
    this.isRestarting = true;
    clearTimeout(this.timers.restart);
    this.timers.restart = setTimeout(() => this.peer.connectionState !== "connected" && this.close(), RESTART_WITHIN_MS);
    try {
      await this.negotiate({ iceRestart: true });
    } catch {
      this.close();
    } finally {
      this.isRestarting = false;
    }
  }

  async negotiate(options) {
    // Credentials of a TURN server are good for a while only.
    this.peer.setConfiguration({ iceServers: await this.iceServers() });
    await this.peer.setLocalDescription(await this.peer.createOffer(options));
    await this.gathered();
    const sdp = await this.signal(this.peer.localDescription.sdp);
    if (this.readyState < CLOSING) await this.peer.setRemoteDescription({ type: "answer", sdp });
  }

  gathered() {
    return new Promise((resolve) => {
      if (this.peer.iceGatheringState === "complete") resolve();
      this.peer.addEventListener("icegatheringstatechange", () => this.peer.iceGatheringState === "complete" && resolve());
      this.timers.gather = setTimeout(resolve, GATHER_MS);
    });
  }

  opened() {
    if (this.readyState !== CONNECTING) return;
    if (this.control.readyState !== "open" || this.frames.readyState !== "open") return;
    this.readyState = OPEN;
    this.dispatchEvent(new Event("open"));
  }

  changed() {
    clearTimeout(this.timers.disconnected);
    switch (this.peer.connectionState) {
      case "disconnected":
        this.timers.disconnected = setTimeout(() => this.restart(), DISCONNECTED_MS);
        break;
      case "failed":
        if (this.readyState === OPEN) this.restart();
        else this.close();
        break;
      case "closed":
        this.close();
        break;
      default:
    }
  }
}
