// The coach's WebSocket: status twice a second, poses as they come. Comes back by itself, and says when it is away.

import { Backoff } from "../common/backoff.js";
import { socketURL } from "../common/http.js";
import { Silence } from "../common/silence.js";

/** Status comes each 500 ms; this long without a word means that the line is dead. */
const SILENCE_MS = 5000;

/** `on`: `status(object)`, `pose(ArrayBuffer)`, `state("connecting" | "open" | "waiting")`, `lost(problem)`. */
export class Feed {
  constructor(session, { on, check }) {
    this.url = socketURL(`/ws/session/${encodeURIComponent(session)}`);
    this.on = on;
    this.check = check;
    this.backoff = new Backoff();
    this.silence = new Silence(SILENCE_MS, () => this.broken(this.socket));
    this.isClosed = false;
    this.connect();
    this.hurry = () => this.socket === null && this.connect();
    globalThis.addEventListener("online", this.hurry);
  }

  close() {
    this.isClosed = true;
    globalThis.removeEventListener("online", this.hurry);
    this.drop();
  }

  connect() {
    this.drop();
    if (this.isClosed) return;
    this.on.state("connecting");
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.silence.heard();
    socket.addEventListener("close", () => this.broken(socket));
    socket.addEventListener("message", ({ data }) => {
      if (socket === this.socket) this.received(data);
    });
  }

  received(data) {
    this.silence.heard();
    if (typeof data !== "string") {
      this.on.pose(data);
      return;
    }
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (message.type !== undefined && message.type !== "status") return;
    this.backoff.reset();
    this.on.state("open");
    this.on.status(message);
  }

  async broken(socket) {
    if (this.isClosed || socket === null || socket !== this.socket) return;
    this.drop();
    this.on.state("waiting");
    try {
      await this.check();
    } catch (problem) {
      if (problem.isFinal && !this.isClosed) {
        this.close();
        this.on.lost(problem);
        return;
      }
    }
    if (this.isClosed || this.socket !== null) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.connect(), this.backoff.next());
  }

  drop() {
    this.silence.stop();
    clearTimeout(this.retry);
    const { socket } = this;
    this.socket = null;
    socket?.close();
  }
}
