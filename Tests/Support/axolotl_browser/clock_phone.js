// Makes this page a phone whose clock is wrong and whose camera films the time code: an init script, called with
// `{ offsetMs, ratePpm, lightDelayMs, width, height }`.
//
// True time is the browser's own clock before it is bent. What the page sees of time from here on is the phone's: its monotonic
// clock, its wall clock, and the stamps of its frames. The camera shows the code of true time, and says when it did so.
(({ offsetMs, ratePpm, lightDelayMs, width, height }) => {
  const realNow = performance.now.bind(performance);
  const realOrigin = performance.timeOrigin;
  const bent = (ms) => ms * (1 + ratePpm * 1e-6);
  const NUMBER_BITS = 12;
  const BLOCK = 20;
  const [SHORTEST_MS, LONGEST_MS] = [28, 42];
  const REMEMBERED = 100;

  Performance.prototype.now = () => bent(realNow());
  Object.defineProperty(performance, "timeOrigin", { value: realOrigin + offsetMs });
  const realDate = Date.now;
  Date.now = () => realDate() + offsetMs;
  const realFrame = globalThis.requestAnimationFrame.bind(globalThis);
  globalThis.requestAnimationFrame = (callback) => realFrame((ms) => callback(bent(ms)));
  globalThis.realOriginMs = realOrigin;

  /** When the camera's pictures were taken, by number: ms on the page's real clock. */
  const taken = new Map();
  const eye = new OffscreenCanvas(NUMBER_BITS, 1).getContext("2d", { willReadFrequently: true });

  /** Which of the camera's pictures this is: its number stands in blocks along the upper edge. */
  function numberIn(picture) {
    eye.drawImage(picture, 0, 0, BLOCK * NUMBER_BITS, BLOCK, 0, 0, NUMBER_BITS, 1);
    const { data } = eye.getImageData(0, 0, NUMBER_BITS, 1);
    let number = 0;
    for (let bit = 0; bit < NUMBER_BITS; bit++) number = number * 2 + (data[4 * bit] > 127 ? 1 : 0);
    return number;
  }

  const watch = HTMLVideoElement.prototype.requestVideoFrameCallback;
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
    return watch.call(this, (ms, metadata) => {
      const shown = new VideoFrame(this);
      const at = taken.get(numberIn(shown));
      // On a busy machine the video shows a later picture already than the one that the browser calls about.
      const laterMs = shown.timestamp / 1000 - metadata.mediaTime * 1000;
      shown.close();
      // A picture that is not known any more has no instant: the next one will do.
      if (at === undefined) return this.requestVideoFrameCallback(callback);
      callback(bent(ms), { ...metadata, captureTime: bent(at - laterMs) });
    });
  };

  async function openCamera() {
    const { drawCode, RATIO } = await import("/assets/clock/draw.js");
    const { WRAP_MS } = await import("/assets/clock/timecode.js");
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d", { alpha: false });
    const stream = canvas.captureStream(0);
    const [track] = stream.getVideoTracks();
    const codeWidth = 0.8 * width;
    let number = 0;
    const take = () => {
      if (track.readyState !== "live") return;
      number = (number + 1) % 2 ** NUMBER_BITS;
      const at = realNow();
      context.fillStyle = "#777";
      context.fillRect(0, 0, width, height);
      drawCode(context, (realOrigin + at - lightDelayMs) % WRAP_MS, codeWidth, 0.1 * width, (height - codeWidth * RATIO) / 2);
      for (let bit = 0; bit < NUMBER_BITS; bit++) {
        context.fillStyle = (number >> (NUMBER_BITS - 1 - bit)) & 1 ? "#fff" : "#000";
        context.fillRect(bit * BLOCK, 0, BLOCK, BLOCK);
      }
      taken.set(number, at);
      if (taken.size > REMEMBERED) taken.delete(taken.keys().next().value);
      track.requestFrame();
      setTimeout(take, SHORTEST_MS + Math.random() * (LONGEST_MS - SHORTEST_MS));
    };
    take();
    return stream;
  }
  // The empty page before the first has no cameras.
  if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = openCamera;
})
