import { join } from "node:path";
import { expect, test } from "vitest";
import { schemas } from "../../src/cli/schemas/schemas.ts";
import { eigenflow, folder, runsOf } from "./eigenflow.ts";

const config = (model: string) =>
  `version: 1\nseed: 1\ndata: { kind: two-moons, count: 200 }\nmodel: ${model}\ntrain: { epochs: 1, batch: 32, rate: 1e-2 }\n`;
function certified(model: string) {
  const cwd = folder({ "c.yaml": config(model) });
  expect(eigenflow(["train", "c.yaml", "-q"], { cwd }).code).toBe(0);
  const file = join(runsOf(cwd)[0], "model.onnx");
  return { ...eigenflow(["certify", file, "--json"], { cwd }), cwd, file };
}

test("of a plain layer that contracts, existence and uniqueness are proven from its file", () => {
  const { code, stdout, cwd, file } = certified(
    "{ kind: deq, layer: { kind: dense, width: 8 }, normalise: { kind: spectral, scale: fixed, target: 0.5 } }",
  );
  expect(code).toBe(0);
  expect(schemas.certify.parse(JSON.parse(stdout))).toEqual(JSON.parse(stdout));
  const { holds, conclusion, layer } = JSON.parse(stdout);
  expect({ holds, conclusion }).toEqual({ holds: true, conclusion: "contracts" });
  expect(layer.gainBound).toBeCloseTo(0.5, 5);
  expect(eigenflow(["certify", file], { cwd }).stdout).toContain("one equilibrium");
});

test("of one that does not, the file says so, and what is left", () => {
  const { code, stdout, cwd, file } = certified(
    "{ kind: deq, layer: { kind: dense, width: 8 }, initial: { kind: normal, deviation: 2 } }",
  );
  expect(code).toBe(6);
  expect(JSON.parse(stdout)).toMatchObject({ holds: false, conclusion: "nothing" });
  const text = eigenflow(["certify", file], { cwd }).stdout;
  expect(text).toContain("tanh is bounded, so that an equilibrium exists");
  expect(text).toContain("ρ(J(z*))");
});

test("of layers that it cannot judge it says that there is no certificate", () => {
  const { code, stderr } = certified("{ kind: mlp, widths: [4] }");
  expect(code).toBe(6);
  expect(stderr).toContain("carries no certificate");
});

test("the rate of the splitting is not claimed of a method that goes its own way", () => {
  const broyden = "{ kind: monotone-deq, width: 8 }\nsolver: { forward: { method: broyden } }";
  const { code, stdout } = certified(broyden);
  expect(code).toBe(0);
  const kinds = JSON.parse(stdout).checks.map(({ kind }: { kind: string }) => kind);
  expect(kinds).toEqual(["unique-equilibrium", "resolvent", "lipschitz"]);
});

test("predictions that cannot be written are an error of input", () => {
  const { cwd, file } = certified("{ kind: mlp, widths: [4] }");
  const { code, stderr } = eigenflow(["predict", file, "c.csv", "-o", "gone/a.csv"], {
    cwd: folder({ "c.csv": "x1,x2\n0,1\n" }),
  });
  expect(cwd).not.toBe("");
  expect(code).toBe(3);
  expect(stderr).toContain("gone/a.csv cannot be written");
  expect(stderr).toContain("hint: there is no folder gone: make it first");
});
