import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parseNpy } from "../../src/data/npy.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { decode } from "../../src/onnx/decode.ts";
import { compile } from "../../src/runtime/program.ts";
import { folder } from "./eigenflow.ts";
import { called } from "./in-process.ts";

const cwd = folder({
  "W.csv": "-1,0,-2\n3,1,2\n0,-1,4\n",
  "full.csv": "1,2\n0,1\n",
  "wide.csv": "1,2,3\n0,1,3\n",
  "nan.csv": "1,nan\n0,1\n",
  "zero.csv": "0,0\n0,0\n",
  "b.csv": "1\n2\n3\n",
  "one.csv": "1\n2\n",
  "rates.csv": "1\n1\n2\n",
  "c.csv": "0.5\n-0.3\n0.2\n",
});
const fixture = (name: string) => resolve("tests/eigenfunctions/fixtures", name);
const call = (...args: string[]) => called(["eigenfunctions", ...args], { cwd });

describe("a network of rank 2", () => {
  test("the reading says what was found and how it was read", async () => {
    const { code, stdout, stderr } = await call("W.csv", "--bias", "b.csv");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^EXACT {2}1 exact eigenfunction for every activation\n/);
    expect(stdout).toContain("read as   dx/dt = −x + W tanh(x) + θ");
    expect(stdout).toContain("φ1        0.9045 x1 + 0.3015 x2 + 0.3015 x3 − 2.412");
    expect(stdout).toContain("reduced   2 of 3 coordinates");
  });

  test("files: vectors, φ as ONNX, the reduced network, figures and a report", async () => {
    const { code, stdout } = await call("W.csv", "--bias", "b.csv", "-o", "reading", "--json");
    expect(code).toBe(0);
    const path = join(cwd, "reading");
    expect(readdirSync(path).sort()).toEqual([
      "basis.npy",
      "eigenfunctions.json",
      "phi.onnx",
      "reduced.onnx",
      "report-figures",
      "report.html",
      "u.npy",
    ]);
    const { eigenfunctions, fixedPoints } = JSON.parse(stdout);
    const u = parseNpy(readFileSync(join(path, "u.npy")), "u.npy");
    expect([u.shape, [...(u.data as Float64Array)]]).toEqual([[1, 3], eigenfunctions[0].u]);
    const { inputs, outputs, metadata } = decode(readFileSync(join(path, "phi.onnx")));
    expect(JSON.parse(metadata["eigenflow.eigenvalues"])).toEqual([-1]);
    const program = await compile(inputs, outputs);
    const { phi } = await program.run({ x: tensorOf(Float64Array.of(1, -0.5, 2), [1, 3]) });
    await program.release();
    // (3·1 − 0.5 + 2 − (3·1 + 2 + 3))/√11
    expect(Number(phi.data[0])).toBeCloseTo(-3.5 / Math.sqrt(11), 14);
    expect(fixedPoints.points.length).toBeGreaterThan(0);
    const page = readFileSync(join(path, "report.html"), "utf8");
    expect(page).toContain("dx/dt = −x + W tanh(x) + θ");
    expect(
      readdirSync(join(path, "report-figures")).filter((name) => name.endsWith(".svg")),
    ).toEqual(["phase-portrait.svg", "phi-decay.svg", "singular-values.svg"]);
    const again = await call("W.csv", "-o", "reading");
    expect([again.code, again.stderr.includes("is there already")]).toEqual([2, true]);
    expect((await call("W.csv", "-o", "reading", "--force")).code).toBe(0);
  });

  test("in steps, with unequal decay, and of the second family", async () => {
    const document = async (...args: string[]) =>
      JSON.parse((await call("W.csv", ...args, "--json")).stdout);
    const stepped = await document("--leak", "0.25");
    expect(stepped.eigenfunctions[0].eigenvalue).toBe(0.75);
    expect(stepped.equation).toBe("x′ = 0.75 x + 0.25 (W tanh(x))");
    const unequal = await document("--decay", "rates.csv");
    expect([unequal.decision, unequal.reduction, unequal.ok]).toEqual(["none", null, false]);
    expect(unequal.sentence).toContain("no direction within units of one decay");
    const { family } = await document("--family", "2", "--zeta", "log", "--rates", "c.csv");
    expect(family.functions[0].eigenvalue / family.functions[0].u[1]).toBeCloseTo(-1.4, 12);
    expect(family.hypothesis.holds).toBe("proven");
  });
});

test("cells of PyTorch are told by their names, and reduce", async () => {
  for (const name of ["rnn.pt", "rnn.onnx"]) {
    const { code, stdout } = await call(fixture(name), "--tolerance", "1e-6", "--json");
    const { form, equation, eigenfunctions, reduction, decision, assumed } = JSON.parse(stdout);
    expect([code, form, equation]).toEqual([0, "cell", "h′ = tanh(W h + b)"]);
    expect([eigenfunctions, reduction.rank, decision]).toEqual([[], 2, "approximate"]);
    expect(assumed.join()).toContain("the nonlinearity stands outside");
  }
  const { stdout } = await call(
    ...[fixture("rnn.pt"), "--form", "pre-activation", "--continuous", "--tolerance", "1e-6"],
    ...["--input", "weight_ih_l0", "--json"],
  );
  const { eigenfunctions } = JSON.parse(stdout);
  expect(eigenfunctions).toHaveLength(6);
  expect(
    eigenfunctions.filter(({ autonomous }: { autonomous: boolean }) => autonomous),
  ).toHaveLength(3);
});

test("a cell that is asked for goes in steps, unless time is to flow", async () => {
  const equation = async (...args: string[]) =>
    JSON.parse((await call("W.csv", "--json", "--form", "cell", ...args)).stdout).equation;
  expect(await equation()).toBe("h′ = tanh(W h)");
  expect(await equation("--leak", "0.7")).toBe("h′ = 0.3 h + 0.7 tanh(W h)");
  expect(await equation("--continuous")).toBe("dh/dt = −h + tanh(W h)");
  expect(await equation("--continuous", "--decay", "2")).toBe("dh/dt = −2 h + tanh(W h)");
  const { code, stderr } = await call("W.csv", "--form", "cell", "--decay", "2");
  expect(code).toBe(2);
  expect(stderr).toContain("a cell goes in steps: --continuous");
});

test("of full rank: no exact one, the nearest with its bound, and what to do", async () => {
  const { code, stdout, stderr } = await call("full.csv", "--json");
  expect(code).toBe(6);
  const { decision, nearest, eigenfunctions, error } = JSON.parse(stdout);
  expect([decision, eigenfunctions]).toEqual(["none", []]);
  // The least singular value of [[1, 2], [0, 1]] is √2 − 1.
  expect(nearest.singularValue).toBeCloseTo(Math.SQRT2 - 1, 12);
  expect(nearest.bound).toBeGreaterThan(nearest.singularValue);
  expect(error.message).toContain("full rank 2: there is no exact eigenfunction");
  expect(stderr).toContain("--approximate keeps near-null directions");
  const wide = await call("full.csv", "--tolerance", "0.5");
  expect([wide.code, wide.stdout.startsWith("APPROXIMATE")]).toEqual([0, true]);
});

test.each(["gru.pt", "gru.onnx"])("of %s only what is honest", async (name) => {
  const { code, stdout, stderr } = await call(fixture(name));
  expect(code).toBe(6);
  expect(stdout).toContain("a GRU of 4 units");
  expect(stdout).toContain("linearise it at fixed points");
  expect(stderr).toContain("no eigenfunction is known in closed form");
});

test.each([
  [["wide.csv"], 4, "wide.csv is 2 × 3: recurrent weights are square"],
  [["nan.csv"], 4, '"nan" is no finite number'],
  [["zero.csv"], 4, "all zero"],
  [["gone.csv"], 3, "no such file"],
  [["W.csv", "--activation", "tahn"], 2, 'did you mean "tanh"?'],
  [["W.csv", "--leak", "2"], 2, "leak 2"],
  [["W.csv", "--starts", "0"], 2, "hint: 1 or more"],
  [["wide.csv"], 4, "weight_hh in PyTorch"],
  [["W.csv", "--bias", "full.csv"], 4, "a vector is wanted"],
  [["W.csv", "--bias", "one.csv"], 4, "hint: wanted: one number for each unit"],
  [["W.csv", "--leak", "0.5", "--decay", "2"], 2, "--decay is of continuous time"],
  [["W.csv", "--continuous", "--discrete"], 2, "only one can be meant"],
  [["W.csv", "--bias", "full.csv"], 4, "a vector is wanted"],
  [["W.csv", "--family", "2"], 2, "--rates FILE"],
  [["W.csv", "--zeta", "cube"], 4, "ζ′ is 0 at 0"],
  [["W.csv", "--zeta", "log", "--leak", "1"], 2, "--leak is no option beside"],
  [["W.csv", "--tensor", "a"], 2, "holds one matrix"],
  [["W.csv", "--starts", "many"], 2, "a whole number is wanted"],
  [["W.csv", "--tolerance", "2"], 2, "tolerance 2"],
] as const)("%j is refused", async (args, wanted, message) => {
  const { code, stderr } = await call(...args);
  expect(stderr).toContain(message);
  expect(code).toBe(wanted);
  expect(existsSync(join(cwd, "eigenfunctions.json"))).toBe(false);
});
