// Puts the phone's state and figures on the page.

import { byId, setText, setTone, show } from "../common/dom.js";
import { count } from "../common/words.js";
import { syncQuality } from "./clock.js";
import { againWords, canTryAgain, carrierTone, carrierWords, clockWords, describe, filmingWords, mayTypeCode } from "./state.js";

/** `state` is what `describe` takes. */
export function showState(state) {
  const { headline, detail, tone } = describe(state);
  document.body.dataset.phase = state.phase;
  setText(byId("headline"), headline);
  setText(byId("detail"), detail);
  setTone(byId("status"), tone);
  show(byId("start"), state.phase === "ready");
  show(byId("code-form"), mayTypeCode(state));
  show(byId("again"), canTryAgain(state));
  setText(byId("again"), againWords(state));
  const picture = ["camera", "joining", "live", "finishing"].includes(state.phase);
  show(byId("stage"), picture);
  show(byId("live"), ["live", "finishing"].includes(state.phase));
  byId("stop").disabled = state.phase !== "live";
}

export function showFigures(figures, notice) {
  const quality = syncQuality(figures.boundMs);
  setText(byId("fps"), figures.fps.toFixed(0));
  setText(byId("sent"), count(figures.sent));
  setText(byId("acknowledged"), count(figures.acknowledged));
  setText(byId("waiting"), count(figures.waiting));
  setText(byId("clock"), clockWords(figures.boundMs, quality));
  setTone(byId("clock"), { good: "good", acceptable: "warn", poor: "bad" }[quality] ?? "busy");
  setText(byId("carrier"), carrierWords(figures.carrier));
  setTone(byId("carrier"), carrierTone(figures.carrier));
  setText(byId("filming"), filmingWords(figures.settings, figures.isReduced));
  const notes = [];
  if (figures.dropped > 0) {
    notes.push(`${count(figures.dropped)} pictures were given up: the network was away or too slow for too long.`);
  }
  if (figures.captured > 60 && figures.skipped > figures.captured / 10) {
    notes.push("This phone cannot keep up with 30 pictures a second. Close other apps, or let it cool down.");
  }
  if (notice) notes.push(notice);
  setText(byId("notice"), notes.join(" "));
  show(byId("notice"), notes.length > 0);
}
