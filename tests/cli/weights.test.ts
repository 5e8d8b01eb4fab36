import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatSafetensors } from "../../src/training/safetensors.ts";
import { eigenflow, folder } from "./eigenflow.ts";

const losses = (length: number, rate: number) =>
  Array.from({ length }, (_, t) => 0.5 + Math.exp(-t / rate));

describe("weights", () => {
  /** Snapshots on their way to 1 by 0.9ⁿ, every 10 steps. */
  function run(scale: number, loss: readonly number[] | null): string {
    const cwd = folder();
    mkdirSync(join(cwd, "run/snapshots"), { recursive: true });
    for (let i = 0; i < 45; i++) {
      const values = Float32Array.from(
        { length: 24 },
        (_, j) => 1 + scale * (1 + j / 7) * 0.9 ** i,
      );
      writeFileSync(
        join(cwd, `run/snapshots/${String(10 * i).padStart(8, "0")}.safetensors`),
        formatSafetensors({
          tensors: {
            b: { dtype: "float32", shape: [4], data: values.subarray(0, 4) },
            w: { dtype: "float32", shape: [4, 5], data: values.subarray(4) },
          },
          metadata: {},
        }),
      );
    }
    if (loss) {
      const lines = loss.map((value, epoch) => JSON.stringify({ epoch, loss: value }));
      writeFileSync(join(cwd, "run/metrics.jsonl"), `${lines.join("\n")}\n`);
    }
    return cwd;
  }
  const flat = losses(300, 10);

  test("settled, and the loss says stop as well", () => {
    const cwd = run(0.01, flat);
    const { code, stdout } = eigenflow(["analyze", "run", "--of", "weights"], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^STOP {2}The weights have .* % of their length yet to go.*as well\./);
    expect(stdout).toContain("45 snapshots of 24 numbers, steps 0 to 440, every 10");
    expect(stdout).toMatch(/\n {2}0\.9 +.* half in 65\.8 steps +residual/);
  });

  test("on their way still: a stop of the loss is held back", () => {
    const cwd = run(100, flat);
    const { weights, verdict } = JSON.parse(
      eigenflow(["analyze", "run", "--of", "weights", "--json"], { cwd }).stdout,
    );
    expect(verdict.decision).toBe("stop");
    expect(weights).toMatchObject({ decision: "continue", lossAgrees: false, settled: false });
  });

  test("without a log, and each tensor by itself", () => {
    const cwd = run(0.01, null);
    const { stdout } = eigenflow(["analyze", "run", "--of", "weights", "--json", "--layers"], {
      cwd,
    });
    const { weights, verdict, series } = JSON.parse(stdout);
    expect(series.values).toEqual([]);
    expect(verdict).toMatchObject({ decision: "insufficient-data", loss: null });
    expect(weights.layers.map(({ name }: { name: string }) => name)).toEqual(["b", "w"]);
    expect(weights.layers[1].spectrum[0].modulus).toBeCloseTo(0.9, 4);
  });
});
