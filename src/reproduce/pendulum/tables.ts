import { markdownTable } from "../tables.ts";
import { contraction } from "./plan.ts";
import type { DrivenResult, SwingResult } from "./run.ts";
import type { PendulumResults } from "./study.ts";

const power = (x: number) => x.toExponential(1);
const percent = (x: number) => `${(100 * x).toFixed(1)} %`;

/** The tables of the contests, and how they were held. */
export function pendulumSections({ runs, driven, startLoss }: PendulumResults) {
  const { plan } = runs[0];
  const { swing, seed } = plan;
  const first = runs.filter(
    (run) => run.plan.seed === seed && JSON.stringify(run.plan.swing) === JSON.stringify(swing),
  );
  const shared = ({ parameters, acting, forward, backward, seconds, rate }: Costs) => [
    parameters === acting ? String(parameters) : `${parameters} (${acting} act)`,
    String(forward),
    backward === 0 ? "–" : String(backward),
    rate === 0 ? "–" : String(rate),
    seconds.toFixed(1),
  ];
  const costs = ["parameters", "evaluations forward", "backward", "Adam's rate", "training, s"];
  const tables = [
    {
      heading: "Free swings",
      text: [
        `${swing.train + swing.validation} noisy swings of ${(swing.trainSamples * swing.dt).toFixed(0)} s (deviation ${swing.noise} on angle and speed, d = ${swing.damping === "code" ? "β = 1.5" : "β/l = 3"}), ${swing.validation} of which choose; ${swing.test} held-out swings of ${(swing.testSamples * swing.dt).toFixed(0)} s, seed ${seed}. The loss is the mean square error of angle and speed against the noise-free truth; NRMSE is of the angle.`,
        markdownTable(
          ["", "test loss", "from the exact start", "NRMSE", ...costs],
          [
            ["physics, known", power(startLoss), "0", "–", "0", "–", "–", "–", "–"],
            ...first.map((run) => [
              run.plan.model,
              power(run.loss),
              power(run.lossFromTruth),
              percent(run.nrmse),
              ...shared(run),
            ]),
          ],
        ),
      ].join("\n\n"),
    },
    ...(driven.length === 0 ? [] : [drivenSection(driven, shared, costs)]),
    { heading: "How the contest is held", text: protocol(first) },
  ];
  return tables;
}

type Costs = Pick<
  SwingResult,
  "parameters" | "acting" | "forward" | "backward" | "seconds" | "rate"
>;

function drivenSection(
  driven: readonly DrivenResult[],
  shared: (of: Costs) => string[],
  costs: readonly string[],
) {
  const [{ plan, nrmseMeasured, largestAngle }] = driven;
  return {
    heading: "Driven from rest",
    text: [
      `m = 0.15 kg, l = 0.5 m, μ = 0.5, torque a Gaussian random field of 0.45 N m and 0.2 s, sampled every 0.1 s for 10 s, noise 0.03 rad; ${plan.train} experiments to train on, ${plan.validation} to choose, ${plan.test} held out. The largest angle is ${((largestAngle * 180) / Math.PI).toFixed(0)}°; so damped, one metric contracts up to 90°. A single measurement has an NRMSE of ${percent(nrmseMeasured)}. The linear model is a subspace model, its order by the data, refined by its simulation error.`,
      markdownTable(
        ["", "NRMSE, free simulation", ...costs],
        driven.map((run) => [run.plan.model, percent(run.nrmse), ...shared(run)]),
      ),
    ].join("\n\n"),
  };
}

const protocol = ([{ plan }]: readonly SwingResult[]) =>
  [
    `Every model is trained by the same code on the same sequences in the same order: Adam along half a cosine for ${plan.steps} steps of ${plan.batch} sequences, gradients clipped to norm 1, learning rates ${plan.rates.join(" and ")} tried, rate and step chosen on the validation swings.`,
    "The state at the first sample is a linear map of the measured angle and speed there, x₀ = E y₀ + e, trained with the model; it starts as the measurement itself in the first two states and 0 in the others, as published. The noise of that one measurement stays in the whole trajectory: the row “physics” is what it does to the true equations. A trained map can do better, because the swings start nearly at rest and it may learn so. “From the exact start” takes the noise out of the start alone.",
    "The published losses are of unknown noise in start and targets: the text has a deviation of 0.1, the code 0.05, which it adds to the test data only. Against noisy targets no loss can be below the noise, 2.5e-3 or 1e-2; so the published range is compared with losses against the truth. The text divides the damping by l, the code does not; both were run. Where half of the samples are seen, each swing has its own half; the published irregular samplings draw the times themselves.",
    `The REN contracts at ᾱ = ${contraction.rate} a step of 0.05 s, the continuous one at α = ${contraction.decay} per second of V, which is half of that for the state. Both are proven on the weights as stored, the continuous one for the flow; it is trained and tested through RK4 with one step a sample. Evaluations are of the right-hand side for one training trajectory; backward each is evaluated and transposed once more.`,
  ].join("\n\n");
