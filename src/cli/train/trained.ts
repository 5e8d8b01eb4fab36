import { join } from "node:path";
import type { RunResult } from "../../config/run.ts";
import { counted } from "../../data/run/run.ts";
import { percent, short } from "../output/numbers.ts";
import { claimLines } from "./claims.ts";

/** A completed run for a reader: what was reached, what is proven, what to do next. */
export function trainedText(result: RunResult, page: string | null, kind: string): string {
  const { run, epochs, steps, test, secondsPerEpoch, model, certificate, refused, spectrum } =
    result;
  const reached =
    test?.accuracy === undefined
      ? `test loss ${short(test?.loss ?? Number.NaN)}`
      : `test accuracy ${percent(test.accuracy)}`;
  const pace = secondsPerEpoch === null ? "" : `, ${secondsPerEpoch.toFixed(2)} s an epoch`;
  const lines =
    result.status === "stopped-by-verdict" ? [`stopped by verdict: ${result.reason}`] : [];
  lines.push(`${reached} after ${counted(epochs, "epoch")} (${counted(steps, "step")}${pace})`);
  if (test?.forward) {
    const { meanIterations, mostIterations, unconverged } = test.forward;
    lines.push(
      `solver on the test set: ${meanIterations.toFixed(1)} iterations, at most ${mostIterations}; ` +
        `${percent(unconverged)} unconverged`,
    );
    if (unconverged > 0.01)
      lines.push(
        `warning: these samples have no equilibrium in the file's solver: ${solverAdvice(kind)}`,
      );
  }
  if (certificate) {
    lines.push("", "certificate, proven in float64 from the float32 weights in the file:");
    lines.push(
      ...claimLines(certificate, test?.accuracy === undefined ? "outputs" : "logits").map(
        (line) => `  ${line}`,
      ),
    );
  }
  if (spectrum) {
    const { limit, rank, surviving, core } = spectrum;
    lines.push(
      `limit of one start: a ${limit}, ${surviving} of ${rank} coordinates left; ‖VU − I‖ = ${short(core.defect)}`,
    );
  }
  if (refused) lines.push("", "no certificate: see the error");
  lines.push("", `model    ${model}`, `metrics  ${join(run, "metrics.jsonl")}`);
  if (page !== null) lines.push(`report   ${page}`);
  lines.push("", "next:");
  if (certificate) lines.push(`  npx eigenflow certify ${model}`);
  if (spectrum) lines.push(`  npx eigenflow inspect ${model}`);
  lines.push(`  npx eigenflow predict ${model} INPUT    # .csv, .npy or IDX images`);
  return lines.join("\n");
}

/** What helps a solver that does not converge, by the kind of its model. */
export const solverAdvice = (kind: string): string =>
  "raise solver.forward.maxIterations, or take another solver.forward.method or " +
  (kind === "deq" ? "model.normalise (spectral keeps the layer contractive)" : "model.alpha");
