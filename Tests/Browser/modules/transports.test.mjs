import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./web.mjs";

const { Transports } = await load("phone/transports.js");

class StandInPeer extends EventTarget {
  close() { this.dispatchEvent(new Event("close")); }
}

function ladder() {
  globalThis.RTCPeerConnection = class {};
  globalThis.WebSocket = class { constructor(url) { this.url = url; } };
  const clock = { now: 0 };
  const made = [];
  const transports = new Transports({
    url: "ws://server/ws",
    place: { registration: { token: "t" } },
    now: () => clock.now,
    makePeer: () => { const peer = new StandInPeer(); made.push(peer); return peer; },
  });
  return { transports, clock, made };
}

test("WebRTC is tried first", () => {
  const { transports, made } = ladder();
  assert.equal(transports.open(), made[0]);
  made[0].close();
});

test("when it finds no way the WebSocket is used, and WebRTC again later", () => {
  const { transports, clock, made } = ladder();
  transports.open();
  made[0].close();
  assert.equal(transports.open().url, "ws://server/ws");
  clock.now = 59_999;
  assert.equal(transports.open().url, "ws://server/ws");
  clock.now = 60_000;
  assert.equal(transports.open(), made[1]);
  made[1].close();
});

test("a WebRTC connection that worked and broke is made again", () => {
  const { transports, made } = ladder();
  transports.open();
  made[0].dispatchEvent(new Event("open"));
  made[0].close();
  assert.equal(transports.open(), made[1]);
  made[1].close();
});

test("a browser without WebRTC uses the WebSocket", () => {
  const { transports, made } = ladder();
  globalThis.RTCPeerConnection = undefined;
  assert.equal(transports.open().url, "ws://server/ws");
  assert.equal(made.length, 0);
});
