import { expect, test } from "vitest";
import type { SimReading } from "../../src/models/sim/reading.ts";
import { simFigure } from "../../src/report/builders/sim-spectrum.ts";
import { type DotsMark, parseFigure } from "../../src/report/figure.ts";
import { simSection } from "../../src/report/sections/sim-spectrum.ts";

const reading: SimReading = {
  modes: [
    { kind: "one", modulus: 1, angle: 0, rate: 0, rotationNumber: 0, survives: true },
    { kind: "rotation", modulus: 1, angle: 1.2, rate: 0, rotationNumber: 0.19, survives: true },
    {
      kind: "decaying",
      modulus: 0.5,
      angle: 0.3,
      rate: 0.7,
      rotationNumber: 0.05,
      survives: false,
    },
  ],
  dimension: 1,
  limit: "cycle",
  relations: [],
  tolerance: 1e-4,
  rank: 5,
  surviving: 3,
  core: { re: [1, 1, 1, 0.9, 0.9], im: [0, 0, 0, 0.1, -0.1], defect: 0.2 },
};

test("the figure has a point for each eigenvalue, hollow where it vanishes, and says so in words", () => {
  const figure = parseFigure(JSON.parse(JSON.stringify(simFigure(reading))));
  const dots = figure.panels.map(({ marks }) => marks.filter(({ type }) => type === "dots"));
  const [left, gone] = dots[0] as DotsMark[];
  expect(left.x).toBeAllClose([1, Math.cos(1.2), Math.cos(1.2)]);
  expect(left.y).toBeAllClose([0, Math.sin(1.2), -Math.sin(1.2)]);
  expect(left.x.map((x, i) => Math.hypot(x, left.y[i]))).toBeAllClose([1, 1, 1]);
  expect(gone.x.map((x, i) => Math.hypot(x, gone.y[i]))).toBeAllClose([0.5, 0.5]);
  expect(gone.filled).toEqual([false, false]);
  expect((dots[1][0] as DotsMark).x).toEqual(reading.core.re);
  expect(figure.alt).toContain("5 latent coordinates, of which 3 are left in the limit");
  expect(figure.alt).toContain("a pair of modulus 0.5 at the angles ± 0.3");
  expect(figure.alt).toContain("at most 0.141 from 1; ‖VU − I‖ is 0.2");
});

test("the section names the limit, and a core that is no projector", () => {
  expect(simSection(null)).toEqual([]);
  const [{ paragraphs, tables }] = simSection(reading);
  expect(paragraphs.join(" ")).toContain("a cycle: 3 of 5 latent coordinates are left");
  expect(paragraphs.join(" ")).not.toContain("no projector");
  expect(tables[0].rows.map((row) => row[0])).toEqual(["λ = 1", "rotation", "decaying"]);
  const far = { ...reading, core: { ...reading.core, defect: 2 } };
  expect(simSection(far)[0].paragraphs.join(" ")).toContain("It is no projector");
});
