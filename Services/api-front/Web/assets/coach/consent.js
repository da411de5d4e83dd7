// The text that the coach agrees to. A change of the text is a change of the version, which is stored with the consent.

export const CONSENT_VERSION = "2026-11-24";

export const CONSENT_TEXT =
  "Everybody who may be filmed has agreed, and for every minor a parent or guardian has agreed in writing. They know " +
  "that video and body positions are recorded on this server only, are kept for 7 days at most unless downloaded, and " +
  "are deleted earlier when they ask.";
