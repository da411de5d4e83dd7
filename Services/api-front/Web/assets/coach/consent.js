// The text that the coach agrees to. A change of the wording is a change of ConsentText's edition, which is stored with the
// consent together with the days that the text promises.

const days = (count) => (count === 1 ? "1 day" : `${count} days`);

/** What the server keeps sessions for, in words. */
export const keptFor = (retentionDays) => `${days(retentionDays)} at most`;

export const consentText = (retentionDays) =>
  "Everybody who may be filmed has agreed, and for every minor a parent or guardian has agreed in writing. They know " +
  `that video and body positions are recorded on this server only, are kept for ${keptFor(retentionDays)} unless ` +
  "downloaded, and are deleted earlier when they ask.";

/** Who agreed when, to which text, for the session's page; empty where the server does not say. Pure but for the locale. */
export function consentWords(record) {
  if (!record) return "";
  const day = new Date(record.at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  const text = record.text_version ? `text ${record.text_version}` : "the text's version was not named";
  return `Consent: ${record.given_by}, ${day}, ${text}.`;
}
