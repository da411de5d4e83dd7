// From the camera to the socket: each new picture is compressed, numbered, kept until acknowledged, and sent.

import { Adaptation } from "./adaptation.js";
import { sizeToSend } from "./camera.js";
import { watchFrames } from "./capture.js";
import { ClockExchange, deviceTime, SleepWatch } from "./clock.js";
import { Encoder } from "./encoder.js";
import { Finish } from "./finish.js";
import { FrameStore } from "./framestore.js";
import { encodeFrame, MAXIMUM_PAYLOAD } from "./header.js";
import { PhoneLink } from "./link.js";
import { PictureSlip, pictureTime } from "./slip.js";

const RATE_WINDOW_MS = 2000;
const FINISH_POLL_MS = 50;
const ADAPT_EVERY_MS = 1000;

/** `place`: where used sequence numbers are remembered. `transports`, `on`: what PhoneLink's are. */
export class Streamer {
  constructor({ video, transports, place, checkPlace, on }) {
    this.video = video;
    this.place = place;
    this.store = new FrameStore();
    this.store.nextSequence = place.usedSequence + 1;
    this.clock = new ClockExchange();
    this.encoder = new Encoder();
    this.adaptation = new Adaptation();
    this.waitingBefore = 0;
    this.skipped = 0;
    this.captured = 0;
    this.instants = [];
    this.source = null;
    this.isHidden = false;
    this.sleepWatch = new SleepWatch();
    this.slip = new PictureSlip();
    this.lastTaken = -Infinity;
    const isElsewhere = () => place.isElsewhere;
    this.link = new PhoneLink({ transports, store: this.store, clock: this.clock, checkPlace, isElsewhere, on });
  }

  start() {
    this.link.start();
    this.resumeCapture();
    this.adapting = setInterval(() => this.adapt(), ADAPT_EVERY_MS);
  }

  /** Films less while the line carries less than is filmed. Without a line there is nothing to learn. */
  adapt() {
    const waiting = this.store.unsent;
    const growth = waiting - this.waitingBefore;
    this.waitingBefore = waiting;
    if (!this.link.isWelcome) return;
    const { rate } = this.adaptation.settings;
    this.adaptation.observe({ waiting, growth });
    if (this.adaptation.settings.rate !== rate) this.resumeCapture();
  }

  set isLowBandwidth(isOn) {
    this.adaptation.isLowBandwidth = isOn;
  }

  /** After the camera was opened again. */
  resumeCapture() {
    this.stopWatching?.();
    this.stopWatching = watchFrames(this.video, this.adaptation.settings.rate, (...frame) => this.take(...frame));
  }

  /** Takes no more pictures, waits until all are on disk or no more get there, and closes. */
  finish() {
    clearInterval(this.adapting);
    this.stopWatching?.();
    const finish = new Finish(performance.now());
    const look = () => {
      const { acknowledged, frames } = this.store;
      const waiting = frames.size + (this.encoder.isActive ? 1 : 0);
      if (finish.isOver(performance.now(), { acknowledged, waiting })) this.link.stop(null);
      else setTimeout(look, FINISH_POLL_MS);
    };
    look();
  }

  /** Lets go of the camera's pictures and the worker. The link is stopped already. */
  release() {
    clearInterval(this.adapting);
    this.stopWatching?.();
    this.encoder.close();
  }

  /** The page went to the back, or came to the front: clocks and sockets may have slept. */
  setHidden(isHidden) {
    this.isHidden = isHidden;
    this.describe();
    if (isHidden) return;
    this.sleepWatch.check();
    this.link.hurry({ slept: true });
  }

  describe() {
    const capture = this.source === null ? {} : { capture: this.source };
    this.link.tell({ hidden: this.isHidden, ...capture });
  }

  async take(time, source, mediaMs) {
    if (this.sleepWatch.check()) this.link.hurry({ slept: true });
    if (!this.clock.isTrusted) return;
    if (source !== this.source) {
      this.source = source;
      this.describe();
    }
    // Until the server has told where to go on, a picture has no number to be kept under.
    if (!this.isNumbered && !this.link.isWelcome) return;
    this.isNumbered = true;
    if (this.encoder.isBusy) {
      this.skipped += 1;
      return;
    }
    const { quality, longSide } = this.adaptation.settings;
    const size = sizeToSend(this.video.videoWidth, this.video.videoHeight, longSide);
    const taken = time + this.slip.of(pictureTime(this.video), mediaMs);
    // The callback before was late, and has taken this picture already.
    if (taken <= this.lastTaken) return;
    this.lastTaken = taken;
    const payload = await this.encoder.encode(this.video, size, quality);
    if (!payload || payload.byteLength > MAXIMUM_PAYLOAD) {
      this.skipped += 1;
      return;
    }
    const sequence = this.store.takeSequence();
    this.place.usedSequence = sequence;
    const message = encodeFrame({ sequence, captured: deviceTime(taken), ...size, payload });
    const dropped = this.store.add(sequence, message, performance.now());
    if (dropped.length > 0) this.link.reportDropped(dropped);
    this.captured += 1;
    this.instants.push(performance.now());
    this.link.pump();
  }

  /** Figures for the page. */
  figures() {
    const now = performance.now();
    while (this.instants.length > 0 && now - this.instants[0] > RATE_WINDOW_MS) this.instants.shift();
    return {
      fps: (this.instants.length * 1000) / RATE_WINDOW_MS,
      captured: this.captured,
      // Counted over all pages that this phone has streamed with, as the saved ones are.
      sent: this.store.nextSequence - 1 - this.store.unsent,
      acknowledged: this.store.acknowledged,
      waiting: this.store.frames.size,
      backlog: this.store.unsent,
      dropped: this.store.droppedCount,
      skipped: this.skipped,
      boundMs: this.clock.boundMs,
      source: this.source,
      carrier: this.link.carrier,
      isReduced: this.adaptation.isReduced,
      settings: this.adaptation.settings,
    };
  }
}
