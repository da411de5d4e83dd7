import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./web.mjs";

const { Ladder } = await load("phone/ladder.js");

test("it begins with the best and goes down one by one", () => {
  const ladder = new Ladder();
  assert.equal(ladder.current, "webrtc");
  assert.equal(ladder.failed("webrtc", "no way", 0), false);
  assert.equal(ladder.current, "websocket");
  assert.equal(ladder.failed("websocket", "closed", 0), false);
  assert.equal(ladder.current, "http");
});

test("when none works it waits, and goes round from the one that failed least", () => {
  const ladder = new Ladder();
  ladder.failed("webrtc", "no way", 0);
  ladder.works("websocket");
  ladder.failed("webrtc", "no way", 10_000);
  // The server restarts: everything fails once.
  assert.equal(ladder.failed("websocket", "closed", 12_000), false);
  assert.equal(ladder.failed("http", "unreachable", 12_000), true);
  assert.equal(ladder.current, "websocket", "not the one that never worked here");
});

test("a restart of the server does not cost the best transport its place", () => {
  const ladder = new Ladder();
  ladder.works("webrtc");
  for (const name of ["webrtc", "websocket", "http"]) ladder.failed(name, "unreachable", 0);
  assert.equal(ladder.current, "webrtc");
});

test("the reason why a better one is not in use is known until it is", () => {
  const ladder = new Ladder();
  ladder.failed("webrtc", "no direct way", 0);
  ladder.works("websocket");
  assert.equal(ladder.reason, "no direct way");
  ladder.works("webrtc");
  assert.equal(ladder.reason, null);
});

test("a better one is tried again after 10 s, then ever later, at most every two minutes", () => {
  const ladder = new Ladder();
  let now = 0;
  const waits = [];
  ladder.failed("webrtc", "no way", now);
  ladder.works("websocket");
  for (let n = 0; n < 6; n += 1) {
    const since = now;
    while (ladder.better(now) === null) now += 1000;
    assert.equal(ladder.better(now), "webrtc");
    waits.push((now - since) / 1000);
    ladder.failed("webrtc", "no way", now);
    assert.equal(ladder.current, "websocket", "a failed trial costs nothing");
  }
  assert.deepEqual(waits, [10, 20, 40, 80, 120, 120]);
});

test("another network makes everything worth a trial at once", () => {
  const ladder = new Ladder();
  ladder.failed("webrtc", "no way", 0);
  ladder.works("websocket");
  assert.equal(ladder.better(1), null);
  ladder.networkChanged();
  assert.equal(ladder.better(1), "webrtc");
});

test("what has long delivered starts with a clean slate when it fails", () => {
  const ladder = new Ladder();
  for (let n = 0; n < 4; n += 1) ladder.failed("webrtc", "no way", 0);
  ladder.works("webrtc");
  ladder.proved("webrtc");
  ladder.failed("webrtc", "broke", 1000);
  ladder.works("websocket");
  assert.equal(ladder.better(11_000), "webrtc");
});

test("a browser without WebRTC has a shorter ladder", () => {
  const ladder = new Ladder(["websocket", "http"]);
  ladder.works("websocket");
  assert.equal(ladder.reason, null);
  assert.equal(ladder.better(1e9), null);
});
