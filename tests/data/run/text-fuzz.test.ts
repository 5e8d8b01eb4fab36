import fc from "fast-check";
import { expect, test } from "vitest";
import { readJsonLines, readTrainerState } from "../../../src/data/run/json.ts";
import { readMlflow } from "../../../src/data/run/mlflow.ts";
import { seriesOf } from "../../../src/data/run/order.ts";
import type { Series } from "../../../src/data/run/run.ts";
import { readTable } from "../../../src/data/run/table.ts";
import { DataError } from "../../../src/errors.ts";

function inOrder({ steps, values }: Series): void {
  expect(values).toHaveLength(steps.length);
  for (let i = 1; i < steps.length; i++) expect(steps[i]).toBeGreaterThan(steps[i - 1]);
}

const sparse = "epoch,step,a,b\n0,0,2.5,\n0,50,,nan\n0,99,1e-3,\n1,0,2,\n1,50,,-inf\n";
const lines =
  '{"step":1,"loss":NaN,"s":"x\\"y"}\n{"step":2,"loss":-Infinity,"more":{"a":[1],"b":2}}\n{"step":1,"loss":3}\n';
const state = `{"best":null,"log_history":[${lines.trim().replaceAll("\n", ",")}]}`;
const metric = "1700 2.5 0\n1701 2 1\n1702 NaN 1\n1703 1 0\n";

test.each([
  ["a table", sparse, (text: string) => readTable(text, "t")],
  [
    "a table of semicolons",
    '"step";"loss"\n"1";"0,5"\n2;2,5e-1\n',
    (text: string) => readTable(text, "t"),
  ],
  [
    "a table of spaces",
    "step loss\n1 0.5\n2 0.25\n3 nan\n",
    (text: string) => readTable(text, "t"),
  ],
  ["JSON Lines", lines, (text: string) => readJsonLines(text, "t")],
  ["a Trainer's state", state, (text: string) => readTrainerState(text, "t")],
  ["MLflow's metrics", metric, (text: string) => readMlflow("t", [{ path: "t", name: "t", text }])],
] as const)("%s that was cut, changed or made up is read in order or refused", (_, text, read) => {
  const settle = (given: string) => {
    try {
      for (const series of read(given).series) inOrder(series);
      return true;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      return false;
    }
  };
  expect(settle(text)).toBe(true);
  for (let length = 0; length < text.length; length++) settle(text.slice(0, length));
  const letter = fc.constantFrom(...'0129.,;:-+eNaI "{}[]\n\t\r\\#\0|x');
  const change = fc.record({
    at: fc.nat(text.length - 1),
    drop: fc.nat(3),
    by: fc.string({ unit: letter, maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
      let changed = text;
      for (const { at, drop, by } of changes)
        changed = changed.slice(0, at) + by + changed.slice(at + drop);
      settle(changed);
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.string({ unit: letter, maxLength: 60 }), (made) => {
      settle(made);
    }),
    { numRuns: 2000 },
  );
});

test("JSON that is deep, or full of quotation marks, takes no longer than it is long", () => {
  const deep = `{"a":${'{"a":'.repeat(5000)}1${"}".repeat(5001)}\n{"loss":1}\n`;
  expect(readJsonLines(deep, "t").series.map(({ name }) => name)).toEqual(["loss"]);
  expect(() => readJsonLines(`{"NaN":"${'\\"'.repeat(200_000)}\n{}\n`, "t")).toThrow(DataError);
});

test("steps of any kind come out strictly increasing, and none that did before are touched", () => {
  const step = fc.oneof(
    fc.integer({ min: -3, max: 9 }),
    fc.constantFrom(Number.NaN, Infinity, 0.5),
  );
  const value = fc.option(fc.integer(), { nil: null, freq: 8 });
  fc.assert(
    fc.property(
      fc.array(fc.record({ step, value }), { maxLength: 30 }),
      fc.boolean(),
      (points, continues) => {
        const made = seriesOf("s", "t", points, [], { continues });
        inOrder(made);
        const rising = points.every(
          ({ step, value }, i) =>
            Number.isFinite(step) && value !== null && (i === 0 || step > points[i - 1].step),
        );
        if (rising) expect([...made.values]).toEqual(points.map(({ value }) => value));
      },
    ),
    { numRuns: 5000 },
  );
});
