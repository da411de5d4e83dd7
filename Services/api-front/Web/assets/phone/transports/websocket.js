// Frames and words over the server's WebSocket: the transport that works wherever the page itself was loaded.

import { deviceTime } from "../clock.js";

/** More than this waiting in the browser's own buffer: hold back, so that live frames do not queue behind old ones. */
const HIGH_WATER = 384 * 1024;

/**
 * What every transport is to `PhoneLink`: `open()`, `canSend`, `stalledMs`, `sendText(text)`, `sendFrame(message)`,
 * `close()`, and four events, none of them after `close()`: `opened()`, `text(text, arrived)` with DeviceTime µs,
 * `missed(sequence)` of a picture that is known not to have arrived, `broken(reason)` in words. Some have more:
 * `networkChanged()`, and what lets another line be tried beside it: `pause()`, `resume()`, `isQuiet`.
 */
export class WebSocketTransport {
  constructor(url, events) {
    this.name = "websocket";
    this.url = url;
    this.events = events;
    this.socket = null;
  }

  open() {
    let socket;
    try {
      socket = new WebSocket(this.url);
    } catch (error) {
      this.fail(`the browser refused the WebSocket (${error?.name ?? "error"})`);
      return;
    }
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.addEventListener("open", () => socket === this.socket && this.events.opened());
    socket.addEventListener("close", () => socket === this.socket && this.fail("the WebSocket was closed"));
    socket.addEventListener("message", ({ data }) => {
      const arrived = deviceTime();
      if (socket === this.socket && typeof data === "string") this.events.text(data, arrived);
    });
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  get canSend() {
    return this.isOpen && this.socket.bufferedAmount < HIGH_WATER;
  }

  /** TCP loses nothing: this long without an acknowledgement means that the server had no room. */
  get stalledMs() {
    return 5000;
  }

  sendText(text) {
    if (this.isOpen) this.socket.send(text);
  }

  sendFrame(message) {
    this.socket.send(message);
  }

  close() {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  fail(reason) {
    this.close();
    this.events.broken(reason);
  }
}
