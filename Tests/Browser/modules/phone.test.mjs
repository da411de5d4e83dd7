import assert from "node:assert/strict";
import { test } from "node:test";
import { load, MemoryStorage } from "./web.mjs";

const { encodeFrame, fragments, readHeader } = await load("phone/header.js");
const { captureInstant } = await load("phone/capture.js");
const { cameraProblem, sizeToSend } = await load("phone/camera.js");
const { cleanLabel, guessBrowser, guessName } = await load("phone/device.js");
const { Place, makeDeviceID } = await load("phone/place.js");
const { remember, sessionOf } = await load("phone/places.js");
const { storageOf } = await load("common/storage.js");
const { againWords, canTryAgain, carrierTone, carrierWords, describe, filmingWords, fullness, mayTypeCode } =
  await load("phone/state.js");
const { bare, faultOf, patiently } = await load("phone/code.js");
const { Problem } = await load("common/problem.js");

test("a frame's bytes are those of PROTOCOL.md", () => {
  const payload = new Uint8Array([0xff, 0xd8, 0xff]).buffer;
  const bytes = encodeFrame({ sequence: 0x01020304, captured: -2, width: 720, height: 1280, payload });
  assert.equal(
    Buffer.from(bytes).toString("hex"),
    "41584631" + "01" + "01" + "d002" + "0005" + "0000" + "04030201" + "feffffffffffffff" + "03000000" + "0000" + "0100" +
      "ffd8ff",
  );
});

test("a large frame goes in parts that each carry the header", () => {
  const payload = new Uint8Array(1000).map((_, index) => index % 251);
  const whole = encodeFrame({ sequence: 7, captured: 123456789, width: 720, height: 1280, payload: payload.buffer });
  assert.deepEqual(fragments(whole, 1032), [whole]);
  const parts = fragments(whole, 432);
  assert.deepEqual(parts.map((part) => part.byteLength), [432, 432, 232]);
  parts.forEach((part, index) => {
    const view = new DataView(part.buffer);
    assert.deepEqual([view.getUint16(28, true), view.getUint16(30, true)], [index, 3]);
    assert.equal(view.getUint32(24, true), 1000);
    assert.deepEqual(readHeader(part), { width: 720, height: 1280, sequence: 7, captured: 123456789n });
  });
  const together = Buffer.concat(parts.map((part) => Buffer.from(part.subarray(32))));
  assert.deepEqual(new Uint8Array(together), payload);
});

test("the page says what carries the pictures and why not something better", () => {
  assert.equal(carrierWords({ name: "webrtc", reason: null }), "WebRTC");
  assert.equal(carrierWords({ name: "websocket", reason: "no direct way" }), "WebSocket: no direct way");
  assert.equal(carrierWords({ name: null, reason: "x" }), "not connected");
  assert.equal(carrierTone({ name: "webrtc", reason: null }), "good");
  assert.equal(carrierTone({ name: null, reason: null }), "busy");
  assert.equal(filmingWords({ quality: 0.75, longSide: 1280, rate: 30 }, false), "full quality");
  assert.match(filmingWords({ quality: 0.45, longSide: 640, rate: 15 }, true), /45 % quality, 640 pixels, 15 a second/);
});

test("a plausible capture time is used, any other is not", () => {
  assert.deepEqual(captureInstant(100, { captureTime: 70 }), { time: 70, source: "capture_time" });
  for (const captureTime of [undefined, NaN, 150, -2000]) {
    assert.deepEqual(captureInstant(100, { captureTime }), { time: 100, source: "callback_time" });
  }
  assert.equal(captureInstant(100, null).source, "callback_time");
});

test("pictures are sent as they are, or scaled to 1280 on the long side", () => {
  assert.deepEqual(sizeToSend(720, 1280), { width: 720, height: 1280 });
  assert.deepEqual(sizeToSend(1080, 1920), { width: 720, height: 1280 });
  assert.deepEqual(sizeToSend(641, 481), { width: 642, height: 482 });
});

test("each refusal of the camera has its own advice", () => {
  const texts = ["NotAllowedError", "NotFoundError", "NotReadableError", "Other"].map((name) => cameraProblem({ name }));
  assert.equal(new Set(texts.map((problem) => problem.message)).size, 4);
  assert.match(texts[0].message, /allow/i);
  assert.equal(texts[0].code, "camera_refused");
});

test("names of phones and browsers", () => {
  const iPhone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    + "Version/17.5 Mobile/15E148 Safari/604.1";
  const pixel = "Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
    + "Mobile Safari/537.36";
  assert.deepEqual([guessName(iPhone), guessBrowser(iPhone)], ["iPhone", "Safari 17"]);
  assert.deepEqual([guessName(pixel), guessBrowser(pixel)], ["Pixel 7", "Chrome 126"]);
  assert.equal(cleanLabel("  left\u0000of \n the\u202e mat "), "left of the mat");
  assert.equal(cleanLabel("\u{1f469}\u200d\u{1f467} cam\u200dera\u200d"), "\u{1f469}\u200d\u{1f467} cam era");
  assert.equal(cleanLabel("\u{1f469}\u{1f3fd}\u200d\u{1f680}"), "\u{1f469}\u{1f3fd}\u200d\u{1f680}");
  assert.equal(cleanLabel("\u2764\ufe0f\u200d\u{1f525} \ufe0f"), "\u2764\ufe0f\u200d\u{1f525}");
  assert.equal(cleanLabel("a\u034fb\u3164c\u115fd 1\u200d2"), "a b c d 1 2");
  assert.equal(cleanLabel("x".repeat(99)).length, 40);
});

test("a phone keeps its name, its place and its numbers over a reload", () => {
  const storage = new MemoryStorage();
  const before = new Place("sess-1", storage);
  const name = before.deviceID;
  assert.match(name, /^phone-[a-z0-9]{10}$/);
  before.registration = { socket: "ws://x", token: "t", label: "l" };
  before.usedSequence = 42;
  assert.equal(before.hasAttempted, false);
  const attempt = before.attempt;
  assert.match(attempt, /^[a-z0-9]{32}$/);
  const after = new Place("sess-1", storage);
  assert.deepEqual([after.hasAttempted, after.attempt], [true, attempt]);
  assert.deepEqual([after.deviceID, after.usedSequence, after.registration.token], [name, 42, "t"]);
  assert.equal(new Place("sess-2", storage).registration, null);
  after.forget();
  assert.equal(new Place("sess-1", storage).registration, null);
  assert.notEqual(makeDeviceID(), makeDeviceID());
});

test("a phone whose registration has expired is the same phone with a fresh code", () => {
  const storage = new MemoryStorage();
  const before = new Place("sess-1", storage);
  const name = before.deviceID;
  const attempt = before.attempt;
  before.registration = { socket: "ws://x", token: "t", label: "l" };
  before.usedSequence = 42;
  before.lapse();
  const after = new Place("sess-1", storage);
  assert.deepEqual([after.deviceID, after.usedSequence, after.registration, after.hasAttempted], [name, 42, null, false]);
  assert.equal(after.label, "l");
  assert.notEqual(after.attempt, attempt);
  const untouched = new Place("sess-2", storage);
  untouched.lapse();
  assert.deepEqual([new Place("sess-2", storage).usedSequence, new Place("sess-2", storage).label], [0, undefined]);
});

test("storage that is damaged or switched off is no obstacle", () => {
  const damaged = new MemoryStorage();
  damaged.setItem("axolotl:s", "{");
  assert.equal(new Place("s", damaged).usedSequence, 0);
  const off = { getItem() { throw new Error(); }, setItem() { throw new Error(); }, removeItem() { throw new Error(); } };
  const place = new Place("s", off);
  place.usedSequence = 3;
  assert.equal(place.usedSequence, 3);
  assert.equal(sessionOf("token", off), null);
  remember("token", "s", off);
});

test("a browser that blocks a site's data is no obstacle", () => {
  const blocked = { get localStorage() { throw new Error("SecurityError"); } };
  const storage = storageOf("localStorage", blocked);
  storage.setItem("a", 1);
  assert.deepEqual([storage.getItem("a"), storage.getItem("b")], ["1", null]);
  storage.removeItem("a");
  assert.equal(storage.getItem("a"), null);
  const own = new MemoryStorage();
  assert.equal(storageOf("localStorage", { localStorage: own }), own);
});

test("an earlier code of a session still finds it, for a tab that was opened with it", () => {
  const storage = new MemoryStorage();
  remember("first-with-a-long-tail", "s", storage);
  remember("fresh-with-a-long-tail", "s", storage);
  new Place("s", storage).usedSequence = 1;
  for (let index = 0; index < 7; index += 1) remember(`another-with-a-tail-${index}`, `s${index}`, storage);
  assert.equal(sessionOf("fresh-with-a-long-tail", storage), "s");
  assert.equal(new Place("s", storage).usedSequence, 1, "the latest code of the session is kept, and so is its place");
});

test("the session of a code is remembered by the code's tail, and only the latest few are", () => {
  const storage = new MemoryStorage();
  for (let index = 0; index < 12; index += 1) {
    new Place(`s${index}`, storage).usedSequence = 1;
    remember(`token-with-a-long-tail-${index}`, `s${index}`, storage);
  }
  assert.equal(sessionOf("token-with-a-long-tail-11", storage), "s11");
  assert.equal(sessionOf("token-with-a-long-tail-0", storage), null);
  assert.equal(new Place("s0", storage).usedSequence, 0);
  assert.doesNotMatch([...storage.values.values()].join(), /token-with-a-long/);
});

test("every state has a headline and says what it means", () => {
  const problem = new Problem({ status: 401, code: "token_expired", message: "Ask for a new one." });
  for (const phase of ["checking", "no_token", "refused", "ready", "camera", "camera_refused", "joining", "finishing",
    "stopped", "live"]) {
    for (const link of ["connecting", "open", "waiting"]) {
      const { headline, detail, tone } = describe({ phase, link, problem, session: "s", mode: "3d" });
      assert.ok(headline.length > 3 && detail.length > 3 && tone, phase);
    }
  }
  assert.equal(describe({ phase: "refused", problem }).headline, "The code has expired");
  assert.equal(describe({ phase: "live", link: "open" }).tone, "good");
  assert.equal(describe({ phase: "live", link: "waiting" }).tone, "warn");
  assert.deepEqual(
    [false, true].map((wasOpen) => describe({ phase: "live", link: "connecting", wasOpen }).headline),
    ["Connecting to the server…", "Connecting to the server again…"],
  );
  assert.equal(describe({ phase: "live", link: "open", unrecorded: "disk_full" }).headline, "The server's disk is full");
  assert.equal(describe({ phase: "live", link: "open", unrecorded: "recording_failed" }).tone, "bad");
});

test("what a stopped phone did not save is said", () => {
  const words = (state) => describe({ problem: null, ...state });
  assert.match(words({ phase: "finishing", waiting: 2 }).detail, /^2 pictures to go\. /);
  assert.doesNotMatch(words({ phase: "finishing", waiting: 0 }).detail, /to go/);
  assert.match(words({ phase: "stopped", unsaved: 1 }).detail, /^1 picture did not get/);
  assert.equal(words({ phase: "stopped", unsaved: 1 }).tone, "warn");
  assert.deepEqual(words({ phase: "stopped", unsaved: 0 }), {
    headline: "Stopped", detail: "Everything that was acknowledged is saved on the coach's computer.", tone: "plain",
  });
});

test("a phone that was removed is told so, and may type another code", () => {
  for (const code of ["device_removed", "token_revoked"]) {
    const stopped = { phase: "stopped", problem: new Problem({ status: 403, code, message: "m" }) };
    assert.equal(describe(stopped).headline, "This phone was removed");
    assert.equal(mayTypeCode(stopped), true);
  }
  assert.equal(mayTypeCode({ phase: "no_token", problem: null }), true);
  assert.equal(mayTypeCode({ phase: "stopped", problem: null }), false);
  assert.equal(mayTypeCode({ phase: "refused", problem: new Problem({ code: "insecure_origin", message: "m" }) }), false);
  assert.equal(mayTypeCode({ phase: "refused", problem: new Problem({ status: 401, code: "token_expired", message: "m" }) }), true);
  assert.equal(mayTypeCode({ phase: "refused", problem: new Problem({ status: 409, code: "token_full", message: "m" }) }), false);
  assert.equal(mayTypeCode({ phase: "live", link: "open" }), false);
});

test("another tab that took over is no fault, over either connection", () => {
  for (const code of ["replaced", "replaced_by_new_connection"]) {
    const stopped = { phase: "stopped", problem: new Problem({ status: 409, code, message: "m" }) };
    assert.equal(describe(stopped).headline, "The camera runs in another tab");
    assert.equal(describe(stopped).tone, "plain");
    assert.deepEqual([canTryAgain(stopped), againWords(stopped)], [true, "Stream from here"]);
  }
});

test("the button says what it does", () => {
  const away = new Problem({ status: 0, code: "unreachable", message: "m" });
  assert.equal(againWords({ phase: "stopped", problem: null }), "Turn the camera on again");
  assert.equal(canTryAgain({ phase: "stopped", problem: null }), true);
  assert.equal(againWords({ phase: "refused", problem: away }), "Try again");
  assert.equal(canTryAgain({ phase: "refused", problem: away }), true);
  assert.equal(canTryAgain({ phase: "live", problem: null }), false);
});

test("a session that has ended is told plainly, before and after a reload", () => {
  for (const [phase, status] of [["refused", 410], ["refused", 409], ["stopped", 410]]) {
    const state = { phase, problem: new Problem({ status, code: "session_ended", message: "m" }) };
    assert.equal(describe(state).headline, "The session has ended");
    assert.equal(describe(state).tone, "plain");
    assert.equal(mayTypeCode(state), true);
    assert.equal(canTryAgain(state), false);
  }
});

test("a code without places is refused before the phone is promised one", () => {
  assert.equal(fullness({ devices_left: 1 }), null);
  assert.equal(fullness({}), null);
  const state = { phase: "refused", problem: new Problem(fullness({ devices_left: 0 })) };
  assert.equal(describe(state).headline, "The session is full");
  assert.match(describe(state).detail, /Ask the coach/);
  assert.equal(canTryAgain(state), true);
});

test("who holds a phone reads of codes, never of tokens", () => {
  for (const code of ["token_revoked", "token_expired", "token_malformed", "token_bad_signature", "token_full"]) {
    const problem = new Problem({ status: 401, code, message: "The token is bad." });
    for (const phase of ["refused", "stopped"]) {
      const { headline, detail } = describe({ phase, problem });
      assert.doesNotMatch(headline + detail, /token/i, code);
    }
    assert.match(describe({ phase: "refused", problem }).detail, /code|coach/i);
  }
});

test("a typed code is taken as it is meant, and judged before it is sent", () => {
  for (const typed of ["7q4k-m2xd", "7Q4K M2XD", " 7Q4K\u2013M2XD ", "7q4k.m2xd"]) assert.equal(bare(typed), "7Q4KM2XD");
  assert.equal(faultOf("7Q4K-M2XD"), "");
  assert.equal(faultOf("oOiI-lL10"), "");
  for (const typed of ["", "7Q4K", "7Q4K-M2XDD", "7Q4K-M2XU", "7Q4K-M2X!"]) assert.ok(faultOf(typed).length > 10, typed);
});

test("while others guess codes, the page waits and asks again, and then says so", async () => {
  const locked = new Problem({ status: 429, code: "pairing_code_locked", message: "m" });
  const waits = [];
  let asked = 0;
  const answer = await patiently(
    async () => {
      asked += 1;
      if (asked < 3) throw locked;
      return "token";
    },
    () => waits.push(0),
    async (ms) => waits.push(ms),
  );
  assert.equal(answer, "token");
  assert.equal(waits.length, 4);
  assert.ok(waits[1] >= 750 && waits[3] > waits[1]);
  asked = 0;
  const always = async () => { asked += 1; throw locked; };
  await assert.rejects(patiently(always, () => {}, async () => {}), locked);
  assert.equal(asked, 5);
  const unknown = new Problem({ status: 404, code: "pairing_code_unknown", message: "m" });
  asked = 0;
  await assert.rejects(patiently(async () => { asked += 1; throw unknown; }, () => {}, async () => {}), unknown);
  assert.equal(asked, 1);
});
