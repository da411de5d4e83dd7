// Pictures of a video element as JPEG, off the main thread where the browser can, in the order in which they were taken.

const IN_FLIGHT = 3;

/** Whether this browser draws and compresses in a worker. */
function worksInWorker() {
  return typeof OffscreenCanvas === "function" && typeof createImageBitmap === "function" && typeof Worker === "function";
}

/** Compresses at most three pictures at once; a fourth is refused, so that a slow phone skips instead of piling up. */
export class Encoder {
  constructor() {
    this.pending = new Map();
    this.lastID = 0;
    this.worker = null;
    this.canvas = null;
    if (worksInWorker()) this.startWorker();
    else this.canvas = document.createElement("canvas");
  }

  get isActive() {
    return this.pending.size > 0;
  }

  get isBusy() {
    return this.pending.size >= IN_FLIGHT;
  }

  /** JPEG bytes of what the video shows now, of the size and quality given; null if the picture could not be had. */
  encode(video, { width, height }, quality) {
    const id = ++this.lastID;
    const result = new Promise((resolve) => this.pending.set(id, resolve));
    const order = { id, width, height, quality };
    if (this.worker) this.hand(order, video);
    else this.draw(order, video);
    return result;
  }

  close() {
    this.worker?.terminate();
    for (const resolve of this.pending.values()) resolve(null);
    this.pending.clear();
  }

  startWorker() {
    this.worker = new Worker(new URL("encoder.worker.js", import.meta.url), { type: "module" });
    this.worker.addEventListener("message", ({ data }) => this.finish(data.id, data.bytes));
    this.worker.addEventListener("error", () => this.fallBack());
  }

  async hand(order, video) {
    try {
      const picture = await createImageBitmap(video);
      if (this.worker) this.worker.postMessage({ ...order, picture }, [picture]);
      else this.finish(order.id, null);
    } catch {
      this.finish(order.id, null);
    }
  }

  draw({ id, width, height, quality }, video) {
    this.canvas.width = width;
    this.canvas.height = height;
    this.canvas.getContext("2d", { alpha: false }).drawImage(video, 0, 0, width, height);
    this.canvas.toBlob(
      async (blob) => this.finish(id, blob ? await blob.arrayBuffer() : null),
      "image/jpeg",
      quality,
    );
  }

  /** The worker cannot do it here after all (no 2D canvas in workers, for one). */
  fallBack() {
    this.worker?.terminate();
    this.worker = null;
    this.canvas = document.createElement("canvas");
    for (const id of [...this.pending.keys()]) this.finish(id, null);
  }

  finish(id, bytes) {
    const resolve = this.pending.get(id);
    this.pending.delete(id);
    resolve?.(bytes);
  }
}
