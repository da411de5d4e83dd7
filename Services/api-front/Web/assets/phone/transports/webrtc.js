// Frames straight to the stream instance over WebRTC: an unordered channel for pictures, a reliable one for words.

import { signalOffer } from "../api.js";
import { deviceTime } from "../clock.js";
import { fragments } from "../header.js";

/** Browsers must not send larger messages to a peer that announces no limit (RFC 8841, section 6). */
const DEFAULT_MAXIMUM_MESSAGE = 65_536;
const HIGH_WATER = 384 * 1024;
/** Host candidates of a LAN are there at once; a STUN or TURN server that does not answer must not hold up the offer. */
const GATHERING_MS = 700;

export class WebRTCTransport {
  constructor({ session, device, token, iceServers }, events) {
    this.name = "webrtc";
    this.place = { session_id: session, device_id: device };
    Object.assign(this, { token, iceServers, events });
    this.peer = null;
    this.frames = null;
    this.control = null;
    this.isAnnounced = false;
    this.isRestarting = false;
  }

  static get isPossible() {
    return typeof RTCPeerConnection === "function";
  }

  async open() {
    const peer = new RTCPeerConnection({ iceServers: this.iceServers ?? [] });
    this.peer = peer;
    this.frames = peer.createDataChannel("frames", { ordered: false, maxRetransmits: 0 });
    this.control = peer.createDataChannel("control", { ordered: true });
    this.frames.binaryType = "arraybuffer";
    for (const channel of [this.frames, this.control]) {
      channel.addEventListener("open", () => this.announce());
      channel.addEventListener("close", () => peer === this.peer && this.fail("the server closed the connection"));
    }
    this.control.addEventListener("message", ({ data }) => {
      const arrived = deviceTime();
      if (peer === this.peer && typeof data === "string") this.events.text(data, arrived);
    });
    peer.addEventListener("connectionstatechange", () => {
      if (peer === this.peer && peer.connectionState === "failed") this.fail("no direct way to the server was found");
    });
    try {
      await this.negotiate(peer);
    } catch (error) {
      if (peer === this.peer) this.fail(error?.message ?? "the offer failed");
    }
  }

  async negotiate(peer) {
    await peer.setLocalDescription(await peer.createOffer());
    await gathered(peer);
    const answer = await signalOffer(this.place, peer.localDescription.sdp, this.token);
    if (peer === this.peer) await peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });
  }

  /**
   * Another network: ICE restart, with new candidates and credentials on the same channels.
   *
   * Without an answer all stays as it was: it may be the signalling alone that failed, and a dead line falls silent.
   */
  async networkChanged() {
    const peer = this.peer;
    if (!this.isOpen || this.isRestarting) return;
    this.isRestarting = true;
    try {
      const offer = await peer.createOffer({ iceRestart: true });
      // Answered before the browser acts on the offer: otherwise it tries its new sockets with the server's old
      // credentials, is heard as long as these hold, and never asks with the new ones where the old ones did.
      const answer = await signalOffer(this.place, offer.sdp, this.token).catch(() => null);
      if (answer === null || peer !== this.peer) return;
      const { sdp } = answer;
      await Promise.all([peer.setLocalDescription(offer), peer.setRemoteDescription({ type: "answer", sdp })]);
    } catch (error) {
      if (peer === this.peer) this.fail(error?.message ?? "the offer failed");
    } finally {
      this.isRestarting = false;
    }
  }

  get isOpen() {
    return this.frames?.readyState === "open" && this.control?.readyState === "open";
  }

  get canSend() {
    return this.isOpen && this.frames.bufferedAmount < HIGH_WATER;
  }

  /** The frames channel resends nothing, so what is not acknowledged soon was lost, unless it still waits here. */
  get stalledMs() {
    return this.frames?.bufferedAmount === 0 ? 1500 : 5000;
  }

  /** Both channels are needed, and both may open before either says so. */
  announce() {
    if (!this.isOpen || this.isAnnounced) return;
    this.isAnnounced = true;
    this.events.opened();
  }

  sendText(text) {
    if (this.control?.readyState === "open") this.control.send(text);
  }

  sendFrame(message) {
    const limit = Math.min(this.peer.sctp?.maxMessageSize || DEFAULT_MAXIMUM_MESSAGE, DEFAULT_MAXIMUM_MESSAGE);
    try {
      for (const part of fragments(message, limit)) this.frames.send(part);
    } catch (error) {
      // The picture is kept and goes with the next line.
      this.fail(`the browser could not send (${error?.name ?? "error"})`);
    }
  }

  close() {
    const peer = this.peer;
    this.peer = null;
    this.frames = null;
    this.control = null;
    peer?.close();
  }

  fail(reason) {
    this.close();
    this.events.broken(reason);
  }
}

/** Waits until every candidate is known, and not for long. */
function gathered(peer) {
  if (peer.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHERING_MS);
    peer.addEventListener("icegatheringstatechange", () => {
      if (peer.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      resolve();
    });
  });
}
