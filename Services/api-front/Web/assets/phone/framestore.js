// Frames that the server has not acknowledged yet. Bounded in number, memory and age; when a bound is reached the
// oldest go, and the numbers that went are handed back so that they can be reported.

export const LIMITS = { frames: 1800, bytes: 96 * 1024 * 1024, ageMs: 60_000 };

/** A backlog up to this many frames is sent in order; beyond it, live frames overtake. */
const IN_ORDER = 8;

/** Pure: no clock, no socket. Times are any one clock's milliseconds, given by the caller. */
export class FrameStore {
  constructor(limits = LIMITS) {
    this.limits = limits;
    /** sequence → { sequence, message, addedAt, isSent, sentAt }, in ascending order. */
    this.frames = new Map();
    this.bytes = 0;
    this.nextSequence = 1;
    this.acknowledged = 0;
    this.droppedCount = 0;
    this.live = null;
    this.unsent = 0;
  }

  /** A reserved sequence number; it must then be `add`ed. */
  takeSequence() {
    return this.nextSequence++;
  }

  /** Keeps a frame as the live one. Returns the ranges of sequence numbers that had to be dropped to make room. */
  add(sequence, message, nowMs) {
    this.frames.set(sequence, { sequence, message, addedAt: nowMs, isSent: false, sentAt: 0 });
    this.bytes += message.byteLength;
    this.unsent += 1;
    this.live = sequence;
    return this.trim(nowMs);
  }

  /** Drops what is beyond the bounds; the newest frame always stays. */
  trim(nowMs) {
    const ranges = [];
    for (const frame of this.frames.values()) {
      const over =
        this.frames.size > this.limits.frames ||
        this.bytes > this.limits.bytes ||
        nowMs - frame.addedAt > this.limits.ageMs;
      if (!over || this.frames.size === 1) break;
      this.remove(frame);
      this.droppedCount += 1;
      const last = ranges.at(-1);
      if (last && last.through + 1 === frame.sequence) last.through = frame.sequence;
      else ranges.push({ from: frame.sequence, through: frame.sequence });
    }
    return ranges;
  }

  /** Everything up to and including `sequence` is on disk. */
  acknowledge(sequence) {
    if (sequence < this.acknowledged || sequence >= this.nextSequence) return;
    this.acknowledged = sequence;
    for (const frame of this.frames.values()) {
      if (frame.sequence > sequence) break;
      this.remove(frame);
    }
  }

  /**
   * The server wants frames from `wanted` on: what lies before is on disk, all else has to be sent (again).
   * Returns the range that the server waits for in vain, if there is one: numbers we no longer hold.
   */
  resume(wanted) {
    if (wanted > this.nextSequence) this.nextSequence = wanted;
    this.acknowledge(wanted - 1);
    this.unsent = this.frames.size;
    for (const frame of this.frames.values()) frame.isSent = false;
    this.live = null;
    const oldest = this.oldestSequence ?? this.nextSequence;
    return wanted < oldest ? { from: wanted, through: oldest - 1 } : null;
  }

  /** What to send now: before a long backlog the live frame, else the oldest unsent. Null when all is sent. */
  nextToSend() {
    if (this.unsent === 0) return null;
    const live = this.unsent > IN_ORDER && this.live !== null ? this.frames.get(this.live) : undefined;
    if (live && !live.isSent) return live;
    for (const frame of this.frames.values()) if (!frame.isSent) return frame;
    return null;
  }

  markSent(sequence, nowMs) {
    const frame = this.frames.get(sequence);
    if (!frame || frame.isSent) return;
    frame.isSent = true;
    frame.sentAt = nowMs;
    this.unsent -= 1;
  }

  /** It was sent in vain. */
  unsend(sequence) {
    const frame = this.frames.get(sequence);
    if (!frame?.isSent) return;
    frame.isSent = false;
    this.unsent += 1;
  }

  /**
   * The oldest frames that were sent `stalledMs` ago or longer and never acknowledged have to go again: they were lost,
   * the server had no room for them (it says `recording_behind`), or its disk failed. Duplicates cost it only a look.
   */
  resendStalled(nowMs, stalledMs) {
    for (const frame of this.frames.values()) {
      if (!frame.isSent || nowMs - frame.sentAt < stalledMs) return;
      this.unsend(frame.sequence);
    }
  }

  get oldestSequence() {
    const first = this.frames.keys().next();
    return first.done ? null : first.value;
  }

  remove(frame) {
    this.frames.delete(frame.sequence);
    this.bytes -= frame.message.byteLength;
    if (!frame.isSent) this.unsent -= 1;
  }
}
