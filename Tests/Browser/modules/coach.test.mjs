import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./web.mjs";

const { choose, isPartOf, rename, suggest } = await load("coach/assignment.js");
const { decodePose, medianError } = await load("coach/pose.js");
const { UpFinder, uprightPoint } = await load("coach/body.js");
const { Orbit } = await load("coach/orbit.js");
const { places } = await load("coach/control.js");
const { keepCode, pageOf } = await load("coach/invite.js");
const { consentText, consentWords } = await load("coach/consent.js");
const { isDue } = await load("coach/recordings.js");
const { deviceState, lossWords, missingPoses, nextStep, roomWords, shiftWords, syncWords } = await load("coach/advice.js");
const { normalise, roomForRecordings } = await load("coach/status.js");
const { Backoff } = await load("common/backoff.js");
const { ask } = await load("common/dom.js");
const { request } = await load("common/http.js");
const { asProblem, mayChange, problemFrom } = await load("common/problem.js");
const words = await load("common/words.js");

const SESSION = "sess-1";

/** The bytes of a pose whose joint `i` is at (i, 2i, 3i). */
function poseBytes() {
  const bytes = Buffer.alloc(5 + SESSION.length + 14 + 33 * 21);
  bytes.write("AXP1");
  bytes[4] = SESSION.length;
  bytes.write(SESSION, 5);
  let at = 5 + SESSION.length;
  bytes.writeBigInt64LE(1_500_000n, at);
  bytes.writeUInt32LE(800, at + 8);
  bytes[at + 12] = 3;
  bytes[at + 13] = 33;
  at += 14;
  for (let index = 0; index < 33; index += 1, at += 21) {
    [index, 2 * index, 3 * index, 0.5, index / 10].forEach((value, k) => bytes.writeFloatLE(value, at + 4 * k));
    bytes[at + 20] = index === 0 ? 0 : 3;
  }
  return bytes;
}

const buffer = (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);

test("a pose is read as PROTOCOL.md lays it out", () => {
  const pose = decodePose(buffer(poseBytes()));
  assert.deepEqual([pose.time, pose.boundMs, pose.cameras, pose.joints.length], [1.5, 0.8, 3, 33]);
  assert.deepEqual(
    [pose.joints[7].x, pose.joints[7].y, pose.joints[7].z, pose.joints[7].views, pose.joints[0].views], [7, 14, 21, 3, 0]);
  assert.ok(Math.abs(medianError(pose) - 1.7) < 0.11);
});

test("a consent is read as who, when and to which text", () => {
  const record = { given_by: "Robin", at: "2026-11-29T12:00:00Z", text_version: "2026-11-25/7d" };
  assert.match(consentWords(record), /^Consent: Robin, .*2026.*, text 2026-11-25\/7d\.$/);
  assert.match(consentWords({ ...record, text_version: null }), /not named/);
  assert.equal(consentWords(null), "");
  assert.deepEqual(normalise({ consent_record: record }).consent_record, record);
  assert.equal(normalise({}).consent_record, null);
});

test("bytes that are no pose are refused, at every length", () => {
  const whole = poseBytes();
  for (let length = 0; length < whole.length; length += 1) {
    assert.equal(decodePose(buffer(whole.subarray(0, length))), null, `${length} bytes`);
  }
  assert.equal(decodePose(buffer(Buffer.concat([whole, Buffer.alloc(1)]))), null);
  const wrong = poseBytes();
  wrong[0] = 0;
  assert.equal(decodePose(buffer(wrong)), null);
});

/** A person standing along an axis. */
function standing(axis, sign) {
  const joints = Array.from({ length: 33 }, () => ({ x: 0.1, y: 0.2, z: 0.1, views: 3 }));
  for (const head of [0, 7, 8]) joints[head][axis] = 1.7 * sign;
  for (const ankle of [27, 28]) joints[ankle][axis] = 0.1 * sign;
  return joints;
}

for (const axis of ["x", "y", "z"]) {
  for (const sign of [1, -1]) {
    test(`up is found along ${sign > 0 ? "+" : "-"}${axis}, and turned to +z`, () => {
      const finder = new UpFinder();
      const joints = standing(axis, sign);
      for (let index = 0; index < 20; index += 1) finder.add(joints);
      assert.equal(finder.axis, `${sign > 0 ? "+" : "-"}${axis}`);
      assert.ok(uprightPoint(joints[0], finder.axis).z > 1.6);
    });
  }
}

test("a handstand does not turn the world", () => {
  const finder = new UpFinder();
  for (let index = 0; index < 100; index += 1) finder.add(standing("z", 1));
  for (let index = 0; index < 20; index += 1) finder.add(standing("z", -1));
  assert.equal(finder.axis, "+z");
});

test("turning the world keeps right right", () => {
  const cross = (a, b) => ({ x: a.y * b.z - a.z * b.y, y: a.z * b.x - a.x * b.z, z: a.x * b.y - a.y * b.x });
  for (const axis of ["+x", "-x", "+y", "-y", "+z", "-z"]) {
    const [a, b, c] = [{ x: 1, y: 0, z: 0 }, { x: 0, y: 1, z: 0 }, { x: 0, y: 0, z: 1 }].map((p) => uprightPoint(p, axis));
    const product = cross(a, b);
    for (const k of ["x", "y", "z"]) assert.equal(Math.abs(product[k] - c[k]), 0, axis);
  }
});

test("the orbit keeps its target in the middle, up up, and what is nearer larger", () => {
  const orbit = new Orbit();
  orbit.follow({ x: 1, y: 2, z: 1 });
  for (let turn = 0; turn < 12; turn += 1) {
    orbit.turn(0.6, 0.1);
    const project = orbit.projector(800, 600);
    const middle = project({ x: 1, y: 2, z: 1 });
    assert.ok(Math.hypot(middle.x - 400, middle.y - 300) < 1e-6);
    assert.ok(project({ x: 1, y: 2, z: 1.5 }).y < middle.y);
    assert.ok(Math.abs(middle.depth - orbit.distance) < 1e-9);
  }
  orbit.zoom(1e9);
  assert.ok(orbit.distance < 100);
});

const device = (state, more = {}) => ({ device_id: "p", label: "Pixel", state, last_seen_ms: 9000, ...more });
const status = (devices, more = {}) => ({ mode: "3d", state: "active", expected_devices: 2, devices, ...more });
const streaming = device("streaming");

test("every state of a phone that needs somebody says what to do", () => {
  for (const state of ["registered", "connected", "stale", "gone"]) assert.ok(deviceState(device(state)).hint, state);
  assert.equal(deviceState(streaming).hint, "");
  assert.match(deviceState(device("stale")).word, /9 s ago/);
});

test("why a phone sends nothing decides what to do about it", () => {
  const hint = (state, cause, reason = "words of the server") => deviceState(device(state, { cause, reason })).hint;
  const phones = hint("stale", "connection_closed");
  assert.equal(phones, deviceState(device("stale")).hint);
  assert.match(phones, /Wake the phone/);
  for (const state of ["stale", "gone"]) {
    assert.match(hint(state, "silent_instance"), /server.*leave the phone as it is/i);
    assert.match(hint(state, "not_heard_of"), /server was restarted/);
    assert.match(hint(state, "a_cause_of_tomorrow"), /words of the server/);
  }
  assert.match(hint("stale", "no_frames"), /connected but sends no pictures/);
  assert.doesNotMatch(deviceState(device("gone", { cause: "silent_instance" })).word, /Disconnected/);
});

test("a silent part of the server is not blamed on the phones", () => {
  const silent = device("stale", { cause: "silent_instance" });
  const head = (devices) => nextStep(status(devices), { hasCode: true, poseRate: 0 });
  assert.match(head([streaming, silent]).headline, /part of the server/);
  assert.match(head([streaming, silent]).detail, /Pixel.*Leave the phones/);
  assert.match(head([silent, device("gone", { cause: "connection_closed" })]).headline, /2 phones stopped/);
});

test("after the end no phone's card gives orders", () => {
  const full = { ...streaming, recording: { problem: "disk_full", room_bytes: 0 } };
  for (const one of [streaming, full, device("connected"), device("stale"), device("gone")]) {
    assert.deepEqual(deviceState(one, true), { word: "Finished", hint: "", tone: "plain" });
  }
});

test("a clock that is not good says why", () => {
  assert.equal(syncWords(null).tone, "busy");
  assert.equal(syncWords({ quality: "good", error_bound_ms: 0.4 }).word, "good, ± 0.4 ms");
  assert.match(syncWords({ quality: "acceptable", error_bound_ms: 20 }).hint, /Wi-Fi/);
  const hints = ["slow_network", "coarse_clock", "clock_jumped", "no_recent_exchange", "page_hidden", "few_exchanges"]
    .map((cause) => syncWords({ quality: "poor", error_bound_ms: 80, cause }).hint);
  assert.equal(new Set(hints).size, 6);
  assert.match(hints[2], /slept/);
  assert.match(hints[4], /hidden/);
});

test("pictures that contradict a clock are said so, by that phone", () => {
  const time_shifts = [
    { device_id: "a", shift_ms: -12.4, contradicts_clock: true }, { device_id: "b", shift_ms: 0.4, contradicts_clock: false },
  ];
  const { devices } = normalise({ devices: [{ device_id: "a" }, { device_id: "b" }, { device_id: "c" }], reconstruction: { time_shifts } });
  assert.match(shiftWords(devices[0]), /12 ms early/);
  assert.deepEqual(devices.slice(1).map(shiftWords), ["", ""]);
});

test("the next step follows the session", () => {
  const head = (s, more) => nextStep(s, { hasCode: true, poseRate: 0, ...more });
  assert.match(head(status([])).detail, /Scan the code with 2 phones/);
  assert.match(nextStep(status([]), { hasCode: false, poseRate: 0 }).detail, /New QR code/);
  assert.match(head(status([streaming, device("stale")])).headline, /1 phone stopped/);
  assert.match(head(status([streaming, device("connected")])).headline, /1 of 2/);
  assert.match(head(status([streaming, streaming], { reconstruction: { calibrated: false } })).detail, /calibration/);
  assert.match(head(status([streaming, streaming]), { unassigned: 1 }).detail, /which phone/);
  assert.equal(head(status([streaming, streaming]), { poseRate: 30 }).headline, "Recording in 3D");
  assert.equal(head(status([streaming], { mode: "single", expected_devices: 1 })).headline, "Recording");
  assert.equal(head(status([], { state: "ended" })).headline, "Session ended");
});

test("a full disk is told before anything else, and what to do about it", () => {
  const full = { ...device("streaming"), recording: { problem: "disk_full", room_bytes: 0 } };
  const step = nextStep(status([full, device("stale")]), { hasCode: true, poseRate: 30 });
  assert.equal(step.headline, "Recording stopped: the disk is full");
  assert.match(step.detail, /Delete old sessions/);
  assert.equal(step.tone, "bad");
  assert.equal(deviceState(full).word, "Not recorded");
  const unheardOf = { ...device("streaming"), recording: { problem: "a_code_of_tomorrow" } };
  assert.equal(deviceState(unheardOf).word, "Not recorded");
  assert.equal(deviceState({ ...device("streaming"), recording: { room_bytes: 5 } }).word, "Streaming");
});

test("the room for recordings is the least that any server has", () => {
  const room = (bytes) => ({ recording: { room_bytes: bytes } });
  assert.equal(roomForRecordings([]), null);
  assert.equal(roomForRecordings([{ recording: null }, {}]), null);
  assert.equal(roomForRecordings([room(7e9), room(5e9), { recording: null }]), 5e9);
  assert.equal(roomWords(null), null);
  assert.deepEqual(roomWords(5e9), { word: "Room for 5.0 GB of recordings", tone: "plain" });
  assert.equal(roomWords(2e9).tone, "warn");
  assert.deepEqual(roomWords(0), { word: "No room for recordings", tone: "bad" });
});

test("the address to type begins with its scheme", () => {
  assert.equal(pageOf("https://192.0.2.2:5050/pair?token=t"), "https://192.0.2.2:5050/pair");
  assert.throws(() => pageOf("https://:5050/pair?token=t"), { code: "invalid_pairing_url", message: /AXOLOTL_PUBLIC_URL/ });
});

const phones = [
  { device_id: "phone-a", label: "Cam02 " },
  { device_id: "cam01", label: "" },
  { device_id: "phone-c", label: "tripod" },
  { device_id: "phone-d", label: "tripod" },
];

test("cameras find the phones that carry their names, and no others", () => {
  assert.deepEqual(suggest(["cam01", "cam02", "cam03", "tripod"], phones), { cam01: "cam01", cam02: "phone-a" });
});

test("what the coach chose stays, also while that phone is away, until another is named like the camera", () => {
  const chosen = { cam01: "phone-c" };
  assert.deepEqual(suggest(["cam01", "cam02"], phones, chosen), { cam01: "phone-c", cam02: "phone-a" });
  assert.deepEqual(suggest(["cam01"], [phones[1]], chosen), { cam01: "cam01" });
  assert.deepEqual(suggest(["cam01", "cam02"], [phones[0]], chosen), { cam01: "phone-c", cam02: "phone-a" });
  assert.deepEqual(suggest(["cam03"], [], { cam03: "phone-c" }), { cam03: "phone-c" });
});

test("a phone stands in one place", () => {
  assert.deepEqual(choose({ a: "1", b: "2" }, "a", "2"), { a: "2" });
  assert.deepEqual(choose({ a: "1", b: "2" }, "a", ""), { b: "2" });
});

test("a calibration is renamed to its phones once two have one", () => {
  const document = { version: 1, cameras: [{ name: "a", f: 1 }, { name: "b", f: 2 }, { name: "c", f: 3 }] };
  assert.equal(rename(document, { a: "1" }), null);
  assert.deepEqual(rename(document, { a: "b", b: "a" }).cameras, [{ name: "b", f: 1 }, { name: "a", f: 2 }]);
  assert.equal(document.cameras[0].name, "a");
});

test("a calibration without some of its cameras is a part of it, one with others is not", () => {
  const cameras = (...names) => ({ cameras: names.map((name) => ({ name })) });
  assert.equal(isPartOf(cameras("a", "c"), cameras("a", "b", "c")), true);
  assert.equal(isPartOf(cameras("a", "b"), cameras("a", "b")), true);
  assert.equal(isPartOf(cameras("a", "d"), cameras("a", "b", "c")), false);
  const document = { cameras: [{ name: "left", f: 1 }, { name: "right", f: 2 }] };
  assert.equal(isPartOf(rename(document, { left: "b", right: "a" }), rename(document, { left: "a", right: "b" })), false);
});

test("poses are offered when there are some, else the page says why not", () => {
  const words = (state, calibrated, poses) => missingPoses({ state, reconstruction: { calibrated, poses } });
  assert.equal(words("active", true, 1), "");
  assert.equal(words("ended", true, 1), "");
  assert.equal(missingPoses(normalise({ mode: "3d" })), "", "the server did not say");
  assert.match(words("active", false, 0), /calibration of the cameras is loaded/);
  assert.match(words("active", true, 0), /two phones see/);
  assert.match(words("ended", false, 0), /None were made/);
});

test("recordings are listed again while they grow, and not too often", () => {
  const due = (more) => isDue({ recorded: 200, asked: 100, now: 60_000, askedAt: 50_000, lacksTimes: false, inVain: 0, ...more });
  assert.equal(due({}), true);
  assert.equal(due({ recorded: 100 }), false);
  assert.equal(due({ askedAt: 56_000 }), false);
  assert.equal(due({ recorded: 0, asked: 0 }), false);
});

test("recordings are listed again until they have their corrected times, ever less often", () => {
  const due = (waited, inVain) => isDue({ recorded: 100, asked: 100, now: 500_000, askedAt: 500_000 - waited, lacksTimes: true, inVain });
  assert.equal(due(4_000, 0), false);
  assert.equal(due(5_000, 0), true);
  assert.equal(due(15_000, 2), false);
  assert.equal(due(20_000, 2), true);
  assert.equal(due(55_000, 20), false);
  assert.equal(due(60_000, 20), true);
});

test("lost pictures are told, with their share", () => {
  assert.equal(lossWords({ frames_lost: 0 }), "");
  assert.match(lossWords({ frames_lost: 5, frames_recorded: 95 }), /5 pictures lost \(5.0 %\)/);
});

test("a bare status is filled up", () => {
  const { devices } = normalise({ devices: [{ device_id: "a", metadata: { label: "L" }, sync: {} }] });
  assert.deepEqual([devices[0].label, devices[0].fps, devices[0].sync], ["L", 0, null]);
  assert.deepEqual(normalise({}).devices, []);
});

test("back-off grows to its bound, with jitter, and starts anew", () => {
  const backoff = new Backoff({ first: 100, longest: 1000, random: () => 0.5 });
  assert.deepEqual([1, 2, 3, 4, 5, 6].map(() => backoff.next()), [100, 200, 400, 800, 1000, 1000]);
  backoff.reset();
  assert.equal(backoff.next(), 100);
});

test("problems show the server's words, else ours", () => {
  const problem = problemFrom(409, { code: "session_full", detail: "All places are taken." });
  assert.deepEqual([problem.code, problem.message, problem.isFinal], ["session_full", "All places are taken.", false]);
  assert.match(problemFrom(503, undefined).message, /restarting/);
  assert.match(problemFrom(418, null).message, /418/);
  assert.equal(problemFrom(410, {}).isFinal, true);
});

test("numbers in words", () => {
  assert.deepEqual([words.countdown(59.9), words.countdown(600), words.countdown(-3)], ["59 s", "10:00", "0 s"]);
  assert.deepEqual([words.ago(null), words.ago(900), words.ago(61_000)], ["never", "just now", "61 s ago"]);
  assert.deepEqual([words.bytes(0), words.bytes(1500), words.bytes(61_234_567)], ["0 bytes", "1.5 kB", "61.2 MB"]);
  assert.equal(words.instant(1_800_000_000).getTime(), 1_800_000_000_000);
  assert.equal(words.instant("2026-11-24T05:00:00Z").getUTCHours(), 5);
  assert.equal(words.instant("nonsense"), null);
});

test("places: free ones take a fresh code, and their number grows up to the mode's maximum", () => {
  const of = (devices, expected, more) => places({
    state: "waiting", devices: Array.from({ length: devices }, () => ({})), expected_devices: expected, maximum_devices: 4, ...more,
  });
  assert.deepEqual(of(1, 2), { isFree: true, mayGrow: true });
  assert.deepEqual(of(2, 2), { isFree: false, mayGrow: true });
  assert.deepEqual(of(3, 4), { isFree: true, mayGrow: false });
  assert.deepEqual(of(1, 1, { maximum_devices: 1 }), { isFree: false, mayGrow: false });
  assert.deepEqual(of(1, 2, { state: "ended" }), { isFree: false, mayGrow: false });
  assert.deepEqual(places(null), { isFree: false, mayGrow: false });
});

test("consent promises what the operator has set", () => {
  assert.match(consentText(7), /kept for 7 days at most unless downloaded/);
  assert.match(consentText(1), /kept for 1 day at most/);
});

test("a code lives by the server's clock, however wrong this device's is", async (context) => {
  const server = Date.parse("2026-05-01T12:00:00Z");
  for (const aheadMs of [-600_000, 0, 86_400_000]) {
    context.mock.method(Date, "now", () => server + aheadMs);
    const headers = new Headers({ Date: new Date(server).toUTCString() });
    context.mock.method(globalThis, "fetch", async () => new Response("{}", { headers }));
    await request("POST", "/api/pairing/create_session", { json: {} });
    const code = keepCode({ session_id: SESSION, pairing_url: "https://a/pair", expires_at: "2026-05-01T12:10:00Z" });
    assert.equal(code.expires - Date.now(), 600_000);
    context.mock.restoreAll();
  }
});

test("what may change is asked for again", () => {
  const may = (status, code = "x") => mayChange({ status, code });
  assert.deepEqual([may(0, "unreachable"), may(429), may(503), may(500)], [true, true, true, true]);
  assert.deepEqual([may(401), may(404), may(409), mayChange(asProblem(new Error("a fault")))], [false, false, false, false]);
});

test("a question that is turned away is not answered as the time before", () => {
  // Some browsers leave the answer of before when Escape closes a dialog.
  class Dialog extends EventTarget {
    returnValue = "";
    showModal() {}
    close(value) {
      this.returnValue = value ?? this.returnValue;
      this.dispatchEvent(new Event("close"));
    }
  }
  const dialog = new Dialog();
  const answers = [];
  ask(dialog, (answer) => answers.push(["first", answer]));
  dialog.close("delete");
  ask(dialog, (answer) => answers.push(["second", answer]));
  dialog.close();
  assert.deepEqual(answers, [["first", "delete"], ["second", ""]]);
});
