import { describe, expect, test } from "vitest";
import { matmul } from "../../src/graph/ops/linear.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { contest, Race } from "../../src/runtime/contest.ts";
import { openSessions } from "../../src/runtime/session.ts";

/** Runs one after the other under a clock of the test's own: who went, and when it ended. */
function runs(count: number, race: Race, paces: readonly number[], from: number, work = 1) {
  const order: number[] = [];
  let time = from;
  for (let i = 0; i < count; i++) {
    const entrant = race.next(time);
    const end = time + paces[entrant] * work;
    race.record(entrant, { start: time, end, work });
    order.push(entrant);
    time = end;
  }
  return { order, time };
}

describe("a race", () => {
  test("tries all, then goes on with the quickest", () => {
    const { order } = runs(12, new Race(2), [0.2, 0.1], 0);
    expect(order.slice(0, 4).sort()).toEqual([0, 0, 1, 1]);
    expect(order.slice(-8)).toEqual(Array(8).fill(1));
  });

  test("does not judge by the first run of each", () => {
    const race = new Race(2);
    race.record(0, { start: 0, end: 9, work: 1 });
    race.record(1, { start: 9, end: 10, work: 1 });
    expect(runs(8, race, [0.1, 0.2], 10).order.slice(-4)).toEqual([0, 0, 0, 0]);
  });

  test("counts time by work", () => {
    const race = new Race(2);
    for (const work of [1, 1, 10]) race.record(0, { start: 0, end: 0.1 * work, work });
    for (const work of [1, 1, 1]) race.record(1, { start: 2, end: 2 + 0.2 * work, work });
    expect(race.next(3)).toBe(0);
  });

  test("tries the slower again, and changes over when it has become the quicker", () => {
    const race = new Race(2);
    const { time } = runs(400, race, [0.2, 0.1], 0);
    expect(time).toBeGreaterThan(40);
    const { order } = runs(400, race, [0.05, 0.1], time);
    expect(order.slice(-20)).toEqual(Array(20).fill(0));
  });

  test("of one is no race", () => {
    expect(runs(5, new Race(1), [1], 0).order).toEqual([0, 0, 0, 0, 0]);
  });
});

describe("a contest", () => {
  const n = 128;
  const x = input("x", "float32", [n, n]);
  const data = Float32Array.from({ length: n * n }, (_, i) => Math.sin(i));
  const feeds = { x: tensorOf(data, [n, n]) };

  test("gives the same numbers whoever runs, and closes all sessions", async () => {
    const program = await contest({ x }, { y: matmul(x, x) });
    const found = [];
    for (let i = 0; i < 4; i++) found.push((await program.run(feeds, 1)).y.data as Float32Array);
    for (const y of found)
      for (const i of [0, 777, n * n - 1]) expect(y[i]).toBeCloseTo(found[0][i], 4);
    await program.release();
    expect(openSessions()).toBe(0);
  });

  test("has one entrant where the threads are given", async () => {
    const program = await contest({ x }, { y: matmul(x, x) }, { threads: 1 });
    expect([openSessions(), program.threads]).toEqual([1, 1]);
    await program.release();
    expect(openSessions()).toBe(0);
  });
});
