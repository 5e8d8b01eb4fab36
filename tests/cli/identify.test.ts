import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import { randomSteps } from "../../src/data/systems/inputs.ts";
import { simulateSystem } from "../../src/data/systems/system.ts";
import { cascadedTanks } from "../../src/data/systems/tanks.ts";
import { decodeStep, encodeStep } from "../../src/identification/step-file.ts";
import { stepPredictor } from "../../src/identification/step-model.ts";
import { folder } from "./eigenflow.ts";
import { called } from "./in-process.ts";

const { u, y, count } = simulateSystem(cascadedTanks(), {
  u: randomSteps(700, { low: 1, high: 4, seed: 1 }),
  sampleTime: 4,
  noise: 0.02,
  seed: 1,
});
const rows = Array.from({ length: count }, (_, t) => [u[t], y[t]] as (number | string)[]);
const csv = (table: readonly (readonly (number | string)[])[]) =>
  `pump,level\n${table.map((row) => row.join(",")).join("\n")}\n`;
const roles = ["-u", "pump", "-y", "level"];
const flags = [...roles, "--ts", "4"];

describe("a model from a CSV", () => {
  const cwd = folder({ "tank.csv": csv(rows) });
  const quick = ["--neurons", "6", "--epochs", "20", "--states", "3"];

  test("a column whose name has a comma is named in quotes; the free simulation may be what is made small", async () => {
    const table = csv(rows).replace("level", '"level, ""m"""');
    writeFileSync(join(cwd, "comma.csv"), table);
    const ask = async (name: string, ...more: string[]) => {
      const columns = ["-u", "pump", "-y", name, "--ts", "4", "--model", "linear"];
      return called(["identify", "comma.csv", ...columns, ...more, "--json"], { cwd });
    };
    const fits: number[] = [];
    for (const focus of ["prediction", "simulation"]) {
      const { code, stdout } = await ask('"level, ""m"""', "--focus", focus);
      expect(code).toBe(0);
      const found = JSON.parse(stdout);
      expect(found.data.outputs).toEqual(['level, "m"']);
      expect(found.models[0].estimation.noiseModel).toBe(focus === "prediction");
      fits.push(found.models[0].estimation.fits[0].fit);
    }
    expect(fits[1]).toBeGreaterThan(fits[0]);
    const { error } = JSON.parse((await ask("level")).stdout);
    expect(error.hint).toContain("in quotes");
  });

  test("fitted one step ahead, a linear model that simulates poorly says what to do", async () => {
    // A valve that saturates: its error is slow, so that the last value tells more than the input.
    const inputs = randomSteps(600, { low: -1, high: 2, shortest: 9, longest: 9, seed: 5 });
    const noise = randomStream(5, "noise");
    let x = 0;
    const lines = Array.from(inputs, (valve) => {
      x += 0.15 * (-x + Math.tanh(2 * valve) + 0.3 * valve);
      return `${valve},${x + 0.01 * noise.normal()}`;
    });
    writeFileSync(join(cwd, "valve.csv"), `valve,flow\n${lines.join("\n")}\n`);
    const roles = ["-u", "valve", "-y", "flow", "--ts", "0.5", "--model", "linear", "--json"];
    const ask = async (focus: string) => {
      const args = ["identify", "valve.csv", ...roles, "--focus", focus, "-o", focus];
      const { code, stdout } = await called(args, { cwd });
      expect(code).toBe(0);
      const { warnings, models } = JSON.parse(stdout);
      const [simulated, next] = models[0].heldOut.fits.map(({ fit }: { fit: number }) => fit);
      return { hinted: warnings.join().includes("--focus simulation"), simulated, next };
    };
    const [prediction, simulation] = [await ask("prediction"), await ask("simulation")];
    expect(prediction.next - prediction.simulated).toBeGreaterThan(25);
    expect([prediction.hinted, simulation.hinted]).toEqual([true, false]);
    expect(simulation.simulated).toBeGreaterThan(prediction.simulated);
  });

  test("is judged, certified and stored, and says the same as JSON", async () => {
    const asked = ["--contraction", "0.97", "--lipschitz", "2", "-o", "tank", "--json"];
    const args = ["identify", "tank.csv", ...flags, ...quick, ...asked];
    const { code, stdout, stderr } = await called(args, { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({
      schema: "eigenflow/identify@1",
      data: { samples: { estimation: 490, heldOut: 210 }, sampleTime: 4 },
      certificate: { rate: 0.97, guarantee: { kind: "lipschitz", gamma: 2 } },
      gain: { bound: 2 },
    });
    expect(found.gain.observed).toBeLessThanOrEqual(2);
    expect(found.gain.observedInUnitsOfData).toBeCloseTo(
      found.gain.observed * found.gain.inUnitsOfData,
      6,
    );
    expect(found.certificate.margin).toBeGreaterThan(0);
    const [linear, network] = found.models;
    const horizons = [linear, network].map(({ heldOut }) =>
      heldOut.fits.map(({ horizon }: { horizon: unknown }) => horizon),
    );
    expect(horizons[0]).toEqual(["simulate", 1, 10]);
    expect(linear.heldOut.fits[1].fit).toBeGreaterThan(90);
    expect(linear.heldOut.residuals.whiteness[0].bound).toBeCloseTo(2.576 / Math.sqrt(210), 3);
    expect(found.linear.poles.every(({ abs }: { abs: number }) => abs < 1)).toBe(true);
    expect(readdirSync(join(cwd, "tank")).sort()).toEqual([
      "certificate.json",
      "identification.json",
      "model-sequence.onnx",
      "model.onnx",
      "report-figures",
      "report.html",
    ]);
    const page = readFileSync(join(cwd, "tank", "report.html"), "utf8");
    expect(page).toMatch(/npx eigenflow identify tank.csv .*--inputs pump .*--lipschitz 2</);
    expect(page).toMatch(/certified bound of the network<.td>\s*<td class="n">2</);
    const figures = readdirSync(join(cwd, "tank", "report-figures"));
    for (const ending of ["svg", "png", "csv"])
      expect(figures).toContain(`step-response.${ending}`);
    const model = decodeStep(readFileSync(join(cwd, "tank", "model.onnx")));
    const certificate = JSON.parse(readFileSync(join(cwd, "tank", "certificate.json"), "utf8"));
    expect(certificate).toEqual(model.certificate);
    const whole = readFileSync(join(cwd, "tank", "model-sequence.onnx"));
    expect(decodeStep(whole)).toEqual(model);
  });

  test("is proven again from the file alone, and not where a weight was changed", async () => {
    const path = join(cwd, "tank", "model.onnx");
    const proven = await called(["certify", path, "--attained"], { cwd });
    expect(proven.code).toBe(0);
    expect(proven.stdout).toMatch(/^ren, 3 states, pump → level\nholds {2}lipschitz at rate 0.97/);
    expect(proven.stdout).toContain("attained     a gain of");
    const model = decodeStep(readFileSync(path));
    const C2 = model.tensors.C2;
    const data = Float32Array.from(C2.data as Float32Array, (v) => 50 * v);
    const changed = { ...model, tensors: { ...model.tensors, C2: { ...C2, data } } };
    writeFileSync(join(cwd, "changed.onnx"), encodeStep(changed));
    const refused = await called(["certify", "changed.onnx", "--json"], { cwd });
    expect(refused.code).toBe(6);
    expect(JSON.parse(refused.stdout)).toMatchObject({ ok: false, holds: false });
    // A bias that no inequality knows of, by its last bit.
    const b_y = {
      ...model.tensors.b_y,
      data: Float32Array.of(Number(model.tensors.b_y.data[0]) * (1 + 2 ** -23)),
    };
    const touched = { ...model, tensors: { ...model.tensors, b_y } };
    writeFileSync(join(cwd, "touched.onnx"), encodeStep(touched));
    const told = await called(["certify", "touched.onnx", "--json"], { cwd });
    expect(told.code).toBe(6);
    expect(JSON.parse(told.stdout)).toMatchObject({ ok: false, holds: true, weightsMatch: false });
    const same = await called(["certify", "tank/model-sequence.onnx", "--json"], { cwd });
    expect(JSON.parse(same.stdout)).toMatchObject({ ok: true, holds: true, weightsMatch: true });
    const predicted = await called(["predict", "tank/model.onnx", "tank.csv"], { cwd });
    expect([predicted.code, predicted.stderr]).toEqual([
      4,
      expect.stringContaining("eigenflow simulate tank/model.onnx -i tank.csv"),
    ]);
    writeFileSync(join(cwd, "bare.onnx"), encodeStep({ ...model, certificate: null }));
    const bare = await called(["certify", "bare.onnx"], { cwd });
    expect([bare.code, bare.stderr]).toEqual([6, expect.stringContaining("no certificate")]);
  });

  test("may have neurons that all act on one another", async () => {
    const full = ["--neurons", "4", "--epochs", "2", "--states", "2", "--feedback", "full"];
    const args = ["identify", "tank.csv", ...flags, ...full, "-o", "full", "--json"];
    const { code, stdout } = await called(args, { cwd });
    expect(code).toBe(0);
    const { training, models } = JSON.parse(stdout);
    expect(training).toMatchObject({ feedback: "full", neurons: 4, states: 2 });
    expect(models[1].name).toBe("ren, 2 states, 4 neurons of full D11");
    for (const name of ["model.onnx", "model-sequence.onnx"])
      expect((await called(["certify", `full/${name}`], { cwd })).code).toBe(0);
    const simulated = await called(["simulate", "full/model.onnx", "-i", "tank.csv"], { cwd });
    expect(simulated.stdout.split("\n")).toHaveLength(rows.length + 2);
    const page = readFileSync(join(cwd, "full", "report.html"), "utf8");
    expect(page).toContain("4 neurons (tanh), each driven by all of them (full D11),");
    expect(page).toContain("--feedback full");
  });

  test("is not overwritten without --force", async () => {
    const before = readFileSync(join(cwd, "tank", "model.onnx"));
    const args = ["identify", "tank.csv", ...flags, "--model", "linear", "-o", "tank"];
    const { code, stderr } = await called(args, { cwd });
    expect([code, stderr]).toEqual([2, expect.stringContaining("is there already")]);
    expect(readFileSync(join(cwd, "tank", "model.onnx")).equals(before)).toBe(true);
    expect((await called([...args, "--force"], { cwd })).code).toBe(0);
    const linear = await called(["certify", "tank/model.onnx"], { cwd });
    expect([linear.code, linear.stdout]).toEqual([0, expect.stringMatching(/^linear, 3 states/)]);
    const attained = await called(["certify", "tank/model.onnx", "--attained", "--json"], { cwd });
    const said = await called(["identify", "tank.csv", ...flags, "--model", "linear"], { cwd });
    const { gain } = JSON.parse(attained.stdout);
    expect(gain.observedBy).toBe("norm");
    expect(said.stdout).toContain(
      `gain          ${Number(gain.observed.toPrecision(3))}, its H∞ norm; `,
    );
    expect(said.stdout).not.toContain("by search");
  });
});

describe("semicolons and decimal commas, as a spreadsheet writes them", () => {
  const german = (table: readonly (readonly (number | string)[])[]) =>
    `t;pump;level\n${table.map((row, t) => [4 * t, ...row].map((v) => String(v).replace(".", ",")).join(";")).join("\n")}\n`;
  const asked = [...roles, "--time", "t", "--model", "linear", "--json"];

  test("are read as points", async () => {
    const cwd = folder({ "comma.csv": german(rows), "point.csv": csv(rows) });
    const comma = await called(["identify", "comma.csv", ...asked], { cwd });
    expect(comma.code).toBe(0);
    const point = await called(["identify", "point.csv", ...flags, "--model", "linear", "--json"], {
      cwd,
    });
    const fits = [comma, point].map(
      ({ stdout }) => JSON.parse(stdout).models[0].heldOut.fits[0].fit,
    );
    expect(fits[0]).toBe(fits[1]);
  });

  test("are read so by simulate and validate too", async () => {
    const cwd = folder({ "comma.csv": german(rows) });
    expect((await called(["identify", "comma.csv", ...asked, "-o", "m"], { cwd })).code).toBe(0);
    const { stdout } = await called(["validate", "m/model.onnx", "comma.csv"], { cwd });
    expect(stdout).toMatch(/simulation +fit [89]\d/);
    expect(stdout).not.toContain("not linear");
    expect((await called(["simulate", "m/model.onnx", "-i", "comma.csv"], { cwd })).code).toBe(0);
  });

  test("are not mixed with points, nor with commas between cells", async () => {
    const cwd = folder({
      "mixed.csv": german(rows).replace(/;(\d+),(\d+)\n/, ";$1.$2\n"),
      "quoted.csv": `t,pump,level\n${rows.map(([a, b], t) => `"${t},5",${a},${b}`).join("\n")}\n`,
    });
    const mixed = await called(["identify", "mixed.csv", ...asked], { cwd });
    expect(mixed.stderr).toMatch(
      /mixed.csv:2: column "level": .* has a point, other cells a decimal comma/,
    );
    const quoted = await called(["identify", "quoted.csv", ...asked], { cwd });
    expect([mixed.code, quoted.code]).toEqual([4, 4]);
    expect(quoted.stderr).toMatch(/quoted.csv:2: column "t": "0,5" is not a number.*with a point/s);
  });
});

describe("what is refused, with what to do", () => {
  const edited = (at: number, cell: string) =>
    rows.map((row, t) => (t === at ? [row[0], cell] : row));
  test.each<[string, string, number, RegExp]>([
    [
      "text in a column of numbers",
      csv(edited(7, "abc")),
      4,
      /data.csv:9: .*"abc".*hint: correct/s,
    ],
    ["NaN", csv(edited(7, "nan")), 4, /not finite.*--missing interpolate/s],
    ["unequal lengths", csv(edited(count - 1, "")), 4, /699 values, "pump" has 700.*cut the file/s],
    ["three rows", csv(rows.slice(0, 3)), 4, /3 rows; at least 10.*measure longer/s],
    ["a constant output", csv(rows.map(([a]) => [a, 5])), 4, /in every row.*check the sensor/s],
    [
      "a constant input",
      csv(rows.map(([, b]) => [2, b])),
      4,
      /do not excite.*: pump is constant in data.csv\n.*multisine/s,
    ],
    ["a single step", csv(rows.map(([, b], t) => [+(t > 50), b])), 4, /single step.*many steps/s],
  ])("%s", async (_, text, wanted, message) => {
    const cwd = folder({ "data.csv": text });
    const { code, stderr } = await called(["identify", "data.csv", ...flags, "-o", "out"], { cwd });
    expect(stderr).toMatch(message);
    expect(code).toBe(wanted);
    expect(existsSync(join(cwd, "out"))).toBe(false);
  });

  test.each<[readonly string[], number, string]>([
    [[...flags, "--nope"], 2, "unknown option '--nope'"],
    [["-u", "pump", "--ts", "4"], 2, "--outputs"],
    [roles, 2, "--ts in seconds"],
    [["-u", "pomp", "-y", "level", "--ts", "4"], 4, 'no column "pomp"'],
    [[...flags, "--contraction", "1.2"], 2, "--contraction 1.2"],
    [[...flags, "--lipschitz", "-1"], 2, "--lipschitz -1"],
    [[...flags, "--states", "2.5"], 2, "--states 2.5"],
    [[...flags, "--split", "1"], 2, "--split 1"],
    [[...flags, "--model", "lstm"], 2, "lstm"],
    [[...flags, "--feedback", "cyclic"], 2, "cyclic"],
    [[...flags, "--model", "linear", "--feedback", "full"], 2, "--feedback is for --model ren"],
    [[...flags, "--model", "linear", "--neurons", "3"], 2, "--neurons is for --model ren"],
    [[...flags, "--model", "linear", "--contraction", "0.5"], 6, "--contraction 0.9"],
    [[...flags, "--irregular", "yes"], 2, "--irregular yes"],
  ])("%o", async (args, wanted, message) => {
    const cwd = folder({ "data.csv": csv(rows) });
    const { code, stderr } = await called(["identify", "data.csv", ...args, "-o", "out"], { cwd });
    expect(stderr).toContain(message);
    expect(code).toBe(wanted);
    expect(existsSync(join(cwd, "out"))).toBe(false);
  });

  test("a file that is not there", async () => {
    const { code } = await called(["identify", "none.csv", ...flags], { cwd: folder() });
    expect(code).toBe(3);
  });
});

describe("simulate and validate", () => {
  const cwd = folder({ "tank.csv": csv(rows), "pump.csv": `pump\n${[...u].join("\n")}\n` });
  beforeAll(async () => {
    const args = ["identify", "tank.csv", ...flags, "--model", "linear", "-o", "m"];
    expect((await called(args, { cwd })).code).toBe(0);
  });
  const model = "m/model.onnx";

  test("simulate prints what the model answers to inputs alone", async () => {
    const { code, stdout } = await called(["simulate", model, "-i", "pump.csv"], { cwd });
    expect(code).toBe(0);
    const [header, ...lines] = stdout.trimEnd().split("\n");
    expect([header, lines.length]).toEqual(["time,level", count]);
    const step = decodeStep(readFileSync(join(cwd, model)));
    const n = step.tensors.b_x.shape[0];
    const wanted = stepPredictor(step).simulate(u, new Float64Array(n)).y;
    const found = lines.map((line) => line.split(",").map(Number));
    expect(found[3][0]).toBe(12);
    expect(found.map(([, y]) => y)).toBeAllClose([...wanted], { atol: 1e-6, rtol: 1e-6 });
    const kept = await called(["simulate", model, "-i", "pump.csv", "-o", "y.csv"], { cwd });
    expect(kept.code).toBe(0);
    expect(readFileSync(join(cwd, "y.csv"), "utf8")).toBe(stdout);
  });

  test("simulate begins where it is told, and from zero unless it is", async () => {
    const simulated = async (...more: string[]) => {
      const args = ["simulate", model, "-i", "tank.csv", "--json", ...more];
      const { code, stdout } = await called(args, { cwd });
      expect(code).toBe(0);
      const { initial, samples, y } = JSON.parse(stdout);
      return { initial, samples, y } as { initial: unknown; samples: number; y: number[] };
    };
    const usual = await simulated();
    expect(usual.initial).toBe("zero");
    expect(await simulated("--initial", "zero")).toEqual(usual);
    const late = await simulated("--initial", "30");
    expect([late.initial, late.samples]).toEqual([30, count - 30]);
    expect(late.y).toEqual(usual.y.slice(30));
    const rowsLeft = await called(["simulate", model, "-i", "tank.csv", "--initial", "30"], {
      cwd,
    });
    expect(rowsLeft.stdout.split("\n")[1]).toMatch(/^120,/); // 30 samples of 4 s

    // What a model answered from a state of its own is met to the last digit from the state estimated.
    const step = decodeStep(readFileSync(join(cwd, model)));
    const x0 = Float64Array.from({ length: step.tensors.b_x.shape[0] }, (_, i) => 0.5 - i);
    const own = stepPredictor(step).simulate(u, x0).y;
    writeFileSync(join(cwd, "own.csv"), csv(rows.map(([held], t) => [held, own[t]])));
    const args = ["simulate", model, "-i", "own.csv", "--json", "--initial", "estimate"];
    const met = JSON.parse((await called(args, { cwd })).stdout);
    expect(met.initial).toBe("estimate");
    expect(met.y).toBeAllClose([...own], { atol: 1e-6 });
    expect(Math.abs(usual.y[0] - own[0])).toBeGreaterThan(0.01);
  });

  test.each([
    ["pump.csv", "estimate", 4, /wants the outputs in the file.*"level".*--initial zero/s],
    ["pump.csv", "rest", 2, /--initial rest.*zero, estimate/s],
    ["pump.csv", "-1", 2, /--initial -1/],
    ["pump.csv", "1e9", 2, /--initial 1e9/],
    ["pump.csv", "100000", 2, /leaves nothing of the \d+ rows/],
  ])("simulate refuses %s --initial %s", async (file, initial, wanted, message) => {
    const args = ["simulate", model, "-i", file, "--initial", initial];
    const { code, stdout, stderr } = await called(args, { cwd });
    expect([code, stdout, stderr]).toEqual([wanted, "", expect.stringMatching(message)]);
  });

  test("validate judges by the data given", async () => {
    const { code, stdout } = await called(["validate", model, "tank.csv", "--json"], { cwd });
    expect(code).toBe(0);
    const [{ horizon, fit }] = JSON.parse(stdout).fits;
    expect(horizon).toBe("simulate");
    expect(fit).toBeGreaterThan(80);
    const text = await called(["validate", model, "tank.csv", "--initial", "50"], { cwd });
    expect(text.stdout).toContain("after 50 samples from zero");
  });

  test("missing cells are refused with the flag that draws a line across, which both know", async () => {
    const holes = rows.map((row, t) => (t === 7 ? ["nan", row[1]] : t === 9 ? [row[0], ""] : row));
    writeFileSync(join(cwd, "holes.csv"), csv(holes));
    for (const args of [
      ["validate", model, "holes.csv"],
      ["simulate", model, "-i", "holes.csv"],
    ]) {
      const refused = await called(args, { cwd });
      expect([refused.code, refused.stderr]).toEqual([
        4,
        expect.stringMatching(
          /holes.csv:9: column "pump": nan is not finite.*--missing interpolate/s,
        ),
      ]);
      const mended = await called([...args, "--missing", "interpolate"], { cwd });
      expect([mended.code, mended.stderr]).toEqual([
        0,
        expect.stringContaining('"pump" lacks 1 value, drawn as straight lines'),
      ]);
      const wrong = await called([...args, "--missing", "maybe"], { cwd });
      expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("--missing maybe")]);
    }
    const line = holes.map((row, t) => (t === 7 ? [(u[6] + u[8]) / 2, row[1]] : row));
    writeFileSync(join(cwd, "line.csv"), csv(line));
    const across = ["-i", "holes.csv", "--missing", "interpolate"];
    const drawn = await called(["simulate", model, ...across], { cwd });
    const given = await called(["simulate", model, "-i", "line.csv"], { cwd });
    expect(drawn.stdout).toBe(given.stdout);
  });

  test("validate brings irregular times to the model's, and names what the model steps by", async () => {
    const timed = (at: (t: number) => number) =>
      `t,pump,level\n${rows.map((row, t) => [at(t), ...row].join(",")).join("\n")}\n`;
    writeFileSync(
      join(cwd, "late.csv"),
      timed((t) => 4 * t + (t === 50 ? 1 : 0)),
    );
    writeFileSync(
      join(cwd, "slow.csv"),
      timed((t) => 5 * t),
    );
    const of = (file: string, ...more: string[]) =>
      called(["validate", model, file, "--time", "t", ...more], { cwd });
    expect((await of("late.csv")).stderr).toContain("--irregular resample");
    expect((await of("late.csv", "--irregular", "resample")).code).toBe(0);
    const slow = await of("slow.csv");
    expect([slow.code, slow.stderr]).toEqual([
      4,
      expect.stringContaining("bring the data to the sample time of the model, 4 s"),
    ]);
  });

  test.each<[readonly string[], number, string]>([
    [["simulate", model, "-i", "none.csv"], 3, "none.csv"],
    [["simulate", "tank.csv", "-i", "pump.csv"], 4, "tank.csv"],
    [["validate", model, "pump.csv"], 4, 'no column "level"'],
    [["validate", model, "tank.csv", "--initial", "soon"], 2, "--initial soon"],
  ])("%o", async (args, wanted, message) => {
    const { code, stderr } = await called(args, { cwd });
    expect(stderr).toContain(message);
    expect(code).toBe(wanted);
  });
});
