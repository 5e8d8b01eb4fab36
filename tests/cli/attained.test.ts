import { join } from "node:path";
import { expect, test } from "vitest";
import { schemas } from "../../src/cli/schemas/schemas.ts";
import { eigenflow, folder, runsOf, small } from "./eigenflow.ts";

test("the gain attained stands beside the proven bound", () => {
  const cwd = folder({ "small.yaml": small });
  expect(eigenflow(["train", "small.yaml", "-q"], { cwd }).code).toBe(0);
  const model = join(runsOf(cwd)[0], "model.onnx");
  const { code, stdout } = eigenflow(["certify", model, "--attained", "--json"], { cwd });
  const { attained, checks } = JSON.parse(stdout);
  expect(code).toBe(0);
  expect(schemas.certify.parse(JSON.parse(stdout))).toEqual(JSON.parse(stdout));
  expect(attained.bound).toBe(
    checks.find(({ kind }: { kind: string }) => kind === "lipschitz").claimed,
  );
  expect(attained.gain).toBeLessThan(attained.bound);
  expect(attained.gain).toBeGreaterThan(0.3 * attained.bound);
  const text = eigenflow(["certify", model, "--attained"], { cwd }).stdout;
  expect(text).toMatch(/attained {2}a gain of [\d.]+, by search: .* from there to [\d.]+\n/);
  expect(eigenflow(["certify", model], { cwd }).stdout).not.toContain("attained");
});
