// What the phone says of itself.

/** A first guess at the phone's name, from the browser's own description. */
export function guessName(agent = navigator.userAgent) {
  if (/iPhone/.test(agent)) return "iPhone";
  if (/iPad/.test(agent)) return "iPad";
  const android = /Android [^;)]*; ([^;)]+?)(?: Build|[;)])/.exec(agent)?.[1];
  if (android && android.length > 1) return android.slice(0, 40);
  return /Android/.test(agent) ? "Android phone" : "Camera";
}

/** `Safari 17`, `Chrome 130`, `Firefox 131`; of unknown browsers their last word. */
export function guessBrowser(agent = navigator.userAgent) {
  for (const [name, pattern] of [
    ["Firefox", /(?:Firefox|FxiOS)\/(\d+)/],
    ["Edge", /Edg(?:A|iOS)?\/(\d+)/],
    ["Samsung Internet", /SamsungBrowser\/(\d+)/],
    ["Chrome", /(?:Chrome|CriOS)\/(\d+)/],
    ["Safari", /Version\/(\d+).*Safari/],
  ]) {
    const version = pattern.exec(agent)?.[1];
    if (version) return `${name} ${version}`;
  }
  return agent.split(" ").at(-1).slice(0, 60);
}

// What the server refuses in names (PlainText.swift) becomes a space. Written without lookbehind: Safari before 16.4 loads no
// module that has one.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
const ENDS_SEEN = /[^\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]$/u;
const ENDS_EMOJI = /(?:(?![\0-\xff])\p{Emoji}|\p{Emoji_Modifier}|\ufe0f)$/u;
const BEGINS_EMOJI = /^(?![\0-\xff])\p{Emoji}/u;

/** Within an emoji of several the joiner stays, and behind a character the selector of its form. */
function keepWritten(character, at, all) {
  const before = all.slice(0, at);
  if (character === "\ufe0f" && ENDS_SEEN.test(before)) return character;
  const joins = character === "\u200d" && ENDS_EMOJI.test(before) && BEGINS_EMOJI.test(all.slice(at + 1));
  return joins ? character : " ";
}

/** Bounded text without control and invisible characters, as the server wants it. */
export function cleanLabel(text) {
  return text.replace(UNSEEN, keepWritten).replace(/\s+/g, " ").trim().slice(0, 40);
}

/** The metadata of a registration. */
export function metadata({ label, width, height, fps }) {
  return {
    label: cleanLabel(label) || guessName(),
    browser: guessBrowser(),
    // The server knows how late a model's camera is, if anybody has measured it (AXOLOTL_CAMERA_LATENCY).
    model: guessName(),
    platform: (navigator.userAgentData?.platform || navigator.platform || "unknown").slice(0, 60),
    width,
    height,
    fps: Math.min(240, Math.max(1, Math.round(fps || 30))),
  };
}

/** Whether the camera may be used without asking again. */
export async function cameraAlreadyAllowed() {
  try {
    return (await navigator.permissions.query({ name: "camera" })).state === "granted";
  } catch {
    return false;
  }
}
