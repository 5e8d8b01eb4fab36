import { describe, expect, test } from "vitest";
import { secondsOf } from "../../../src/data/experiment/clock.ts";
import { parseExperiments } from "../../../src/data/experiment/read.ts";
import type { EigenflowError } from "../../../src/errors.ts";

const seconds = (...cells: string[]) => [...secondsOf(cells, (i) => `a.csv:${i + 2}`)];

describe("timestamps in ISO 8601 as seconds", () => {
  test.each<[string, readonly string[], readonly number[]]>([
    ["UTC", ["2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z"], [0, 1]],
    ["a leap day", ["2024-02-28T12:00:00Z", "2024-03-01T12:00:00Z"], [0, 172800]],
    [
      "an offset",
      ["2026-01-01T00:00:00+02:00", "2026-01-01T00:00:01+0200", "2025-12-31T22:00:02Z"],
      [0, 1, 2],
    ],
    ["a blank, no zone", ["2026-03-29 01:59:59.5", "2026-03-29 03:00:00.5"], [0, 3601]],
    ["days", ["2026-01-01", "2026-01-02"], [0, 86400]],
    ["minutes", ["2026-01-01T10:00", "2026-01-01T10:15"], [0, 900]],
  ])("%s", (_, cells, wanted) => {
    expect(seconds(...cells)).toEqual(wanted);
  });

  test("keeps the digits of a fraction, which seconds since 1970 would lose", () => {
    const [, step] = seconds("2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:00.000001Z");
    expect(step).toBe(1e-6);
    expect(seconds("2026-01-01T00:00:00,25Z", "2026-01-01T00:00:01Z")[1]).toBe(0.75);
  });

  test.each<[string, readonly string[], RegExp]>([
    ["a day that is none", ["2026-02-30T00:00:00Z"], /a.csv:2: "2026-02-30T00:00:00Z" is no time/],
    ["an hour that is none", ["2026-01-01T25:00:00Z"], /is no time/],
    ["text behind", ["2026-01-01T00:00:00Z", "noon"], /a.csv:3: "noon" is no time/],
    ["a blank cell", ["2026-01-01T00:00:00Z", ""], /a.csv:3: "" is no time/],
    [
      "a zone in some rows",
      ["2026-01-01T00:00:00Z", "2026-01-01T00:00:01"],
      /a.csv:3: .*has no time zone/,
    ],
  ])("refuses %s", (_, cells, message) => {
    expect(() => seconds(...cells)).toThrow(message);
  });
});

describe("a column of timestamps", () => {
  const table = (at: (t: number) => number) =>
    [
      "when,u,y",
      ...Array.from({ length: 20 }, (_, t) => {
        const when = new Date(Date.UTC(2026, 9, 25, 0, 59, 50) + 1000 * at(t)).toISOString();
        return `${when},${(t * 7) % 5},${t}`;
      }),
    ].join("\n");
  const roles = { inputs: ["u"], outputs: ["y"], time: "when" };

  test("gives the sample time", () => {
    expect(
      parseExperiments(
        table((t) => 0.5 * t),
        "a.csv",
        roles,
      )[0],
    ).toMatchObject({ sampleTime: 0.5, count: 20 });
  });

  test("is refused where its steps are unequal, or resampled when asked", () => {
    const uneven = table((t) => (t < 10 ? t : t + 0.5));
    try {
      parseExperiments(uneven, "a.csv", roles);
      expect.unreachable();
    } catch (error) {
      const { message, hint } = error as EigenflowError;
      expect(message).toMatch(/sampled irregularly: steps of 1 s, but of 1.5 s after t = 9/);
      expect(hint).toContain("resample");
    }
    const [found] = parseExperiments(uneven, "a.csv", { ...roles, irregular: "resample" });
    expect(found.sampleTime).toBe(1);
  });
});
