import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./web.mjs";

const { Adaptation, STEPS } = await load("phone/adaptation.js");

/** A link that carries `share` of what full quality makes, watched for `seconds`. */
function film(adaptation, share, seconds) {
  // Bytes a second fall with each step; roughly as JPEG does.
  const cost = ({ quality, longSide, rate }) => (quality / 0.75) * (longSide / 1280) ** 2 * (rate / 30);
  let waiting = 0;
  const steps = [];
  for (let second = 0; second < seconds; second += 1) {
    const { settings } = adaptation;
    const sent = (share / cost(settings)) * settings.rate;
    const before = waiting;
    waiting = Math.max(0, waiting + settings.rate - sent);
    adaptation.observe({ waiting, growth: waiting - before });
    steps.push(adaptation.step);
  }
  return steps;
}

test("quality goes first, then resolution, then rate", () => {
  const changed = STEPS.slice(1).map((step, index) => {
    const before = STEPS[index];
    return ["quality", "longSide", "rate"].filter((what) => step[what] < before[what]).join();
  });
  assert.deepEqual(changed, ["quality", "quality", "longSide", "longSide", "rate", "rate"]);
});

test("a good link is filmed for in full", () => {
  const adaptation = new Adaptation();
  assert.deepEqual([...new Set(film(adaptation, 1.2, 120))], [0]);
  assert.equal(adaptation.isReduced, false);
});

test("a poor link is filmed for with less, and held", () => {
  const adaptation = new Adaptation();
  const steps = film(adaptation, 0.35, 300);
  const settled = steps.slice(60);
  const fitting = settled.filter((step) => step === 3).length;
  assert.ok(fitting > 0.9 * settled.length, `${settled}`);
  const climbs = settled.filter((step, index) => index > 0 && step < settled[index - 1]).length;
  assert.ok(climbs <= 5, `tried ${climbs} times in four minutes`);
});

test("when the link is good again, so is the picture", () => {
  const adaptation = new Adaptation();
  film(adaptation, 0.1, 30);
  assert.ok(adaptation.step >= 5);
  film(adaptation, 2, 400);
  assert.equal(adaptation.step, 0);
});

test("a backlog that shrinks after a break is no reason to film less", () => {
  const adaptation = new Adaptation();
  for (let waiting = 600; waiting > 0; waiting -= 30) adaptation.observe({ waiting, growth: -30 });
  assert.equal(adaptation.step, 0);
});

test("the switch forces small pictures, and lets go of them", () => {
  const adaptation = new Adaptation();
  adaptation.isLowBandwidth = true;
  assert.equal(adaptation.settings.longSide, 640);
  assert.equal(adaptation.isReduced, true);
  adaptation.isLowBandwidth = false;
  assert.equal(adaptation.settings, STEPS[0]);
});
