// Draws a picture to size and compresses it. One after another, so that answers come in the order of the questions.

const canvas = new OffscreenCanvas(16, 16);
const context = canvas.getContext("2d", { alpha: false });
if (!context) throw new Error("no 2D canvas in workers");

let queue = Promise.resolve();

self.addEventListener("message", ({ data }) => {
  queue = queue.then(() => compress(data));
});

async function compress({ id, picture, width, height, quality }) {
  let bytes = null;
  try {
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    context.drawImage(picture, 0, 0, width, height);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality });
    bytes = await blob.arrayBuffer();
  } catch {
    // The page counts it as a skipped picture.
  } finally {
    picture.close();
  }
  self.postMessage({ id, bytes }, bytes ? [bytes] : []);
}
