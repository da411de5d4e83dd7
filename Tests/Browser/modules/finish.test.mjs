import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./web.mjs";

const { Finish, LONGEST_MS, PATIENCE_MS } = await load("phone/finish.js");

test("it is over as soon as everything is on disk", () => {
  const finish = new Finish(1000);
  assert.equal(finish.isOver(1000, { acknowledged: 9, waiting: 1 }), false);
  assert.equal(finish.isOver(1001, { acknowledged: 10, waiting: 0 }), true);
});

test("it waits as long as pictures get to the disk, and a while after the last one", () => {
  const finish = new Finish(0);
  let now = 0;
  for (let acknowledged = 1; acknowledged <= 5; acknowledged += 1) {
    now += PATIENCE_MS - 1;
    assert.equal(finish.isOver(now, { acknowledged, waiting: 6 - acknowledged }), false);
  }
  assert.equal(finish.isOver(now + PATIENCE_MS, { acknowledged: 5, waiting: 1 }), false);
  assert.equal(finish.isOver(now + PATIENCE_MS + 1, { acknowledged: 5, waiting: 1 }), true);
});

test("it does not wait for ever", () => {
  const finish = new Finish(0);
  for (let now = 0; now <= LONGEST_MS; now += 1000) {
    assert.equal(finish.isOver(now, { acknowledged: now + 1, waiting: 3 }), false);
  }
  assert.equal(finish.isOver(LONGEST_MS + 1, { acknowledged: LONGEST_MS + 2, waiting: 3 }), true);
});

test("a server that is away is not waited for any longer than that", () => {
  const finish = new Finish(0);
  assert.equal(finish.isOver(PATIENCE_MS, { acknowledged: 0, waiting: 3 }), false);
  assert.equal(finish.isOver(PATIENCE_MS + 1, { acknowledged: 0, waiting: 3 }), true);
});
