import { parseHTML } from "linkedom";
import { beforeAll, describe, expect, test } from "vitest";
import { experimentOf } from "../../src/data/experiment/experiment.ts";
import { splitExperiment } from "../../src/data/experiment/split.ts";
import { randomStream } from "../../src/data/random.ts";
import { identifiedPredictor, identifyLinear } from "../../src/identification/identify.ts";
import { linearStep, standardForm } from "../../src/identification/linear-step.ts";
import { linearised } from "../../src/identification/linearise.ts";
import { identifyRen } from "../../src/identification/ren-fit.ts";
import { stepPredictor, unitsOfGain } from "../../src/identification/step-model.ts";
import { observedGain } from "../../src/identification/step-observed.ts";
import { validate } from "../../src/identification/validate.ts";
import { hInfinityNorm } from "../../src/lti/norm.ts";
import { staticGain } from "../../src/lti/response.ts";
import { poles, simulate, stateSpace } from "../../src/lti/state-space.ts";
import { figuresOf, type ReportContent } from "../../src/report/content.ts";
import { toSvg } from "../../src/report/figure/to-svg.ts";
import type { Figure, LineMark } from "../../src/report/figure.ts";
import { parseFigure } from "../../src/report/figure.ts";
import {
  type IdentificationRun,
  identificationReport,
} from "../../src/report/identification-report.ts";
import { reportPage } from "../../src/report/page.ts";
import "../matchers.ts";

const random = randomStream(3, "report");
const count = 400;
// Two inputs, two outputs, poles 0.8 and 0.5, in units of their own.
const system = stateSpace(
  [
    [0.8, 0],
    [0.1, 0.5],
  ],
  [
    [1, 0],
    [0.5, 2],
  ],
  [
    [1, 0],
    [1, 1],
  ],
  undefined,
  0.5,
);
const u = Float64Array.from({ length: 2 * count }, (_, k) => 10 + (1 + (k % 2)) * random.normal());
const y = simulate(system, u).y.map((v) => v + 0.05 * random.normal());
const all = experimentOf({
  name: "plant",
  sampleTime: 0.5,
  inputs: ["heat", "flow"],
  outputs: ["level", "warmth"],
  u,
  y,
});
const { work, check } = splitExperiment(all, { at: 0.7 });
const reproduce = { command: "npx eigenflow identify", versions: {}, seeds: {}, inputs: [] };
const options = { horizons: ["simulate" as const, 1], lags: 15 };

async function identified(kind: "linear" | "ren"): Promise<IdentificationRun> {
  const linear = identifyLinear([work], { stable: true });
  const fit = kind === "ren" ? await identifyRen([work], { epochs: 2, neurons: 4 }) : null;
  const model = fit?.model ?? linearStep(linear, [work]);
  const predictors = [identifiedPredictor(linear), ...(fit ? [stepPredictor(model, "ren")] : [])];
  return {
    name: "plant",
    work: [work],
    check: [check],
    linear,
    fit,
    model,
    judged: predictors.map((one) => ({
      name: one.name,
      estimation: validate(one, [work], options),
      heldOut: validate(one, [check], options),
    })),
    observed:
      kind === "ren"
        ? { gain: 0.5, inUnits: 0.25, by: "search", frequency: null, about: null }
        : await observedGain(model),
    units: unitsOfGain(model),
    norm: hInfinityNorm(standardForm(linear, [work]).system),
    warnings: ["heed this"],
    reproduce,
  };
}

const figureOf = (content: ReportContent, name: string) =>
  figuresOf(content).find((figure) => figure.name === name) as Figure;
const lines = (figure: Figure, panel: number) =>
  figure.panels[panel].marks.filter((mark): mark is LineMark => mark.type === "line");

describe.each(["linear", "ren"] as const)("an identification, %s", (kind) => {
  let run: IdentificationRun;
  let content: ReportContent;
  beforeAll(async () => {
    run = await identified(kind);
    content = identificationReport(run);
  });

  test("has the figures that an engineer asks for, each drawn and in words", () => {
    const names = figuresOf(content).map(({ name }) => name);
    const both = [
      "data",
      "fit",
      "residuals-linear",
      "poles",
      "step-response",
      "frequency-response",
      "order",
    ];
    expect(names).toEqual(expect.arrayContaining(both));
    expect(names.includes("residuals-network")).toBe(kind === "ren");
    const { document } = parseHTML(reportPage(content));
    expect(document.querySelectorAll("figure svg").length).toBe(names.length);
    for (const figure of figuresOf(content)) {
      expect(parseFigure(JSON.parse(JSON.stringify(figure)))).toEqual(figure);
      expect(toSvg(figure, { theme: "print" })).toContain("</svg>");
      expect(figure.alt.length).toBeGreaterThan(30);
    }
    expect(document.querySelector(".verdict").textContent).toContain("heed this");
  });

  test("marks what was trained on, what chose and what was held out", () => {
    const figure = figureOf(content, "data");
    expect(figure.panels).toHaveLength(4);
    const parts = lines(figure, 3);
    const ends = kind === "ren" ? [224, 56, 120] : [280, 120];
    expect(parts.map(({ x }) => x.length)).toEqual(ends);
    const joined = { x: parts.flatMap(({ x }) => x), y: parts.flatMap(({ y }) => y) };
    expect(joined.x).toBeAllClose(Array.from({ length: count }, (_, t) => 0.5 * t));
    expect(joined.y).toEqual(Array.from({ length: count }, (_, t) => y[2 * t + 1]));
    const rules = figure.panels[0].marks.flatMap((m) => (m.type === "rule" ? [m.x] : []));
    expect(rules).toEqual(kind === "ren" ? [112, 140] : [140]);
  });

  test("draws the simulation that the fit is of", () => {
    const figure = figureOf(content, "fit");
    const [measured, ...simulated] = lines(figure, 1);
    const values = measured.y as number[];
    const mean = values.reduce((a, b) => a + b) / values.length;
    const norm = (of: readonly number[]) => Math.hypot(...of);
    simulated.forEach(({ y }, k) => {
      const fit =
        100 * (1 - norm(values.map((v, t) => v - y[t]!)) / norm(values.map((v) => v - mean)));
      expect(fit).toBeCloseTo(run.judged[k].heldOut.horizons[0].fits[1].fit, 8);
    });
    expect(measured.x[0]).toBe(140);
  });

  test("steps by a deviation of the input, and comes to the static gain", () => {
    const figure = figureOf(content, "step-response");
    const size = Array.from(run.model.tensors["u.scale"].data, Number);
    const gain = staticGain(run.linear.model.system);
    figure.panels.forEach((_, p) => {
      const [i, j] = [Math.floor(p / 2), p % 2];
      const end = lines(figure, p)[0].y.at(-1) as number;
      expect(end / (gain.data[j * 2 + i] * size[i])).toBeCloseTo(1, 1);
    });
    // The plant is linear: up and down are alike in the network that starts from its model.
    if (kind === "ren") {
      const [, up, down] = lines(figure, 0).map(({ y }) => y.at(-1) as number);
      expect(up / down).toBeCloseTo(1, 1);
    }
  });

  test("has the poles of the plant, gains at low frequency that are static, and bounds of the residuals", () => {
    const [dots] = figureOf(content, "poles").panels[0].marks.flatMap((mark) =>
      mark.type === "dots" ? [mark.x] : [],
    );
    expect(Math.max(...dots)).toBeCloseTo(0.8, 1);
    const [gain] = lines(figureOf(content, "frequency-response"), 0);
    expect(gain.y[0]).toBeCloseTo(Math.abs(staticGain(run.linear.model.system).data[0]), 2);
    const [whiteness] = run.judged[0].heldOut.residuals.whiteness;
    const rules = figureOf(content, "residuals-linear").panels[0].marks.flatMap((mark) =>
      mark.type === "rule" ? [mark.y] : [],
    );
    expect(rules).toEqual([0, whiteness.bound, -whiteness.bound]);
    const gains = content.sections
      .flatMap(({ tables }) => tables)
      .find(({ name }) => name === "gains")!;
    expect(gains.rows.map(([, value]) => value)).toEqual([
      ...(kind === "ren" ? [0.5] : []),
      run.norm!.upper,
    ]);
  });
});

describe("a model linearised", () => {
  test("is itself where it is linear, and rests at its static gain", () => {
    const linear = identifyLinear([work], { stable: true });
    const model = linearStep(linear, [work]);
    const predictor = stepPredictor(model);
    const at = Float64Array.of(11, 8);
    const { system: found, x, y: rest } = linearised(predictor, at, Float64Array.of(1, 2))!;
    const stored = Float64Array.from(model.tensors.A.data, Number);
    expect([...found.A.data]).toBeAllClose([...stored], { atol: 1e-7 });
    const gain = staticGain(found);
    const shifted = predictor.simulate(
      Float64Array.from({ length: 1000 }, (_, k) => at[k % 2] + (k % 2)),
      x,
    );
    const end = shifted.y.subarray(-2).map((value, j) => value - rest[j]);
    expect([...end]).toBeAllClose([gain.data[1], gain.data[3]], { rtol: 1e-5 });
    const { re } = poles(found);
    expect(re[0]).toBeCloseTo(poles(linear.model.system).re[0], 5);
  });

  test("is none where the model runs away", () => {
    const model = stepPredictor(linearStep(identifyLinear([work], { stable: true }), [work]));
    const away = {
      ...model,
      simulate: (v: Float64Array, x: Float64Array) => ({ y: v, x: x.map((a) => 2 * a + 1) }),
    };
    expect(linearised(away, Float64Array.of(1, 1), Float64Array.of(1, 1))).toBeNull();
  });
});
