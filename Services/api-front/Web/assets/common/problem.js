// Errors of the server as something to show: what happened, and what to do next.

/** An answer that is not a success, or no answer at all (`status` 0). */
export class Problem extends Error {
  constructor({ status = 0, code = "unknown", message }) {
    super(message);
    this.name = "Problem";
    this.status = status;
    this.code = code;
  }

  /** Trying the same again cannot help: the place is gone or was never ours. */
  get isFinal() {
    return [401, 403, 404, 410].includes(this.status);
  }
}

/** Whether the same request may succeed in a while: nobody answered, or somebody who is busy or away. Pure. */
export const mayChange = ({ code, status }) => code === "unreachable" || status === 429 || status >= 500;

/** What stops the recording, and not the phone's fault: the server's disk is full, or does not take what is written. */
export const RECORDING_PROBLEMS = ["disk_full", "recording_failed"];

/** Another connection of this phone has taken its place; the words for it over the WebSocket, and over WebRTC. */
export const REPLACEMENTS = ["replaced", "replaced_by_new_connection"];

const WORDS = {
  400: "The server did not understand the request. Reload the page and try again.",
  401: "This page is not signed in. Open the link that the server printed when it started.",
  403: "This is not allowed from here.",
  404: "The server does not know this. It may have been deleted.",
  409: "This does not fit the state the session is in. Reload the page to see it.",
  410: "This has expired. Ask the coach for a new code.",
  413: "That is too large for the server.",
  429: "Too many requests at once. Wait a few seconds and try again.",
  501: "This server cannot do that yet.",
  503: "A part of the server is restarting. Try again in a few seconds.",
};

/** The problem in an HTTP answer; `body` is the parsed JSON, if there was any. */
export function problemFrom(status, body) {
  const text = [body?.detail, body?.message, body?.title].find((one) => typeof one === "string" && one !== "");
  return new Problem({
    status,
    code: typeof body?.code === "string" ? body.code : `http_${status}`,
    message: text ?? WORDS[status] ?? `The server answered with error ${status}. Try again in a moment.`,
  });
}

/** Whatever was thrown, as something to show: what is no Problem is a fault of the page. */
export function asProblem(error) {
  if (error instanceof Problem) return error;
  return new Problem({ code: "page_failed", message: `Something went wrong on this page (${error}). Reload it.` });
}

export function unreachable() {
  return new Problem({
    status: 0,
    code: "unreachable",
    message: "The server does not answer. Check that this device is on the same network as the server, then try again.",
  });
}
