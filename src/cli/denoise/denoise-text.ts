import type { Denoised } from "../../signal/denoise.ts";
import { grouped, short } from "../output/numbers.ts";
import type { DenoiseResult } from "./denoise.ts";

const beyond = {
  periodic: "begins again beyond its ends",
  line: "begins again beyond its ends once a line is taken off",
  even: "is reflected at its ends",
} as const;

/** Why this K and no other, in a sentence. */
export function whyThisK({ cutoff, ends, candidates, risk }: Denoised): string {
  const rootAt = (K: number) => {
    const one = candidates.find((c) => c.ends === ends && c.cutoff === K);
    return one && Math.sqrt(one.risk);
  };
  const others = [Math.floor(cutoff / 2), 2 * cutoff]
    .filter((K, i, all) => K !== cutoff && all.indexOf(K) === i)
    .flatMap((K) => {
      const root = rootAt(K);
      return root === undefined ? [] : [`${short(root, 3)} at K = ${K}`];
    });
  return `the expected error is ${short(Math.sqrt(risk), 3)} at K = ${cutoff}${others.length > 0 ? `, ${others.join(", ")}` : ""}`;
}

/** What was found, for a reader. */
export function denoisedText(result: DenoiseResult): string {
  const { source, columns, series, linear, network, files } = result;
  const { ends, cutoff, functions, cycles, noise, risk, squaredBias, variance } = linear;
  const N = series.x.length;
  const expected = Math.sqrt(risk);
  const gap = Math.max(...Array.from(series.x, (x, i) => (i === 0 ? 0 : x - series.x[i - 1])));
  return [
    `data    ${source}: ${grouped(N)} samples of ${columns.y} over ${columns.x ?? "their row"} from ${short(series.x[0])} to ${short(series.x[N - 1])}, largest gap ${short(gap, 3)}`,
    `signal  K = ${cutoff}: ${functions} functions, up to ${short(cycles, 3)} cycles over the data; it ${beyond[ends]}`,
    `why     ${whyThisK(linear)}`,
    `noise   standard deviation ${short(noise, 3)}`,
    `error   ${short(expected, 3)} expected at the samples: ${short(Math.sqrt(squaredBias), 3)} for what K leaves out, ${short(Math.sqrt(variance), 3)} for noise let through`,
    `check   predicting each sample from the others errs by ${short(Math.sqrt(linear.leaveOneOut), 3)}; noise and expected error make ${short(Math.hypot(noise, expected), 3)}`,
    ...(network
      ? [
          `network Sobolev 2, best at step ${grouped(network.step)} of ${grouped(network.steps)}: errs by ${short(network.heldOut, 3)} on the quarter held out, least squares by ${short(network.linearHeldOut, 3)}`,
        ]
      : []),
    ...(files.length > 0 ? ["", `written: ${files.join(", ")}`] : []),
  ].join("\n");
}
