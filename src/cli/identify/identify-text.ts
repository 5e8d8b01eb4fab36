import { howObserved } from "../../identification/step-observed.ts";
import { poles } from "../../lti/state-space.ts";
import { grouped, short } from "../output/numbers.ts";
import type { IdentifyResult, Judged } from "./identify.ts";
import { residualLines } from "./validation-document.ts";

/** What was identified, for a reader. */
export function identifiedText(result: IdentifyResult): string {
  const { work, check, judged, model, files } = result;
  const count = (of: IdentifyResult["work"]) =>
    grouped(of.reduce((sum, { count }) => sum + count, 0));
  const { inputs, outputs, sampleTime } = model;
  return [
    `data   ${count(work)} samples to estimate, ${count(check)} held out, every ${short(sampleTime, 6)} s: ` +
      `${inputs.join(", ")} → ${outputs.join(", ")}`,
    "",
    `${"fit %".padEnd(28)}estimation  held-out`,
    ...judged.flatMap(fitLines),
    "",
    `residuals on the held-out data, one step ahead, tests at ${100 * judged[0].heldOut.residuals.level} %`,
    ...judged.flatMap(({ name, heldOut }) => [
      name,
      ...residualLines(heldOut).map((line) => `  ${line}`),
    ]),
    "",
    ...linearLines(result),
    "",
    ...certificateLines(result),
    ...(files.length > 0
      ? ["", ...files.map((file) => `wrote  ${file}`)]
      : ["", "nothing was written: -o FOLDER keeps the model"]),
  ].join("\n");
}

function fitLines({ name, estimation, heldOut }: Judged): string[] {
  const number = (x: number) => (Number.isFinite(x) ? x.toFixed(1) : String(x));
  const shown = estimation.noiseModel ? estimation.horizons : estimation.horizons.slice(0, 1);
  const rows = shown.map(({ horizon, fit }, i) => {
    const what =
      horizon === "simulate"
        ? "free simulation"
        : `${horizon} step${horizon === 1 ? "" : "s"} ahead`;
    const other = number(heldOut.horizons[i].fit).padStart(10);
    return `  ${what.padEnd(26)}${number(fit).padStart(10)}${other}`;
  });
  const note = "  any steps ahead: the same, having no noise model";
  return [name, ...rows, ...(estimation.noiseModel ? [] : [note])];
}

function linearLines({ linear, norm }: IdentifyResult): string[] {
  const { re, im } = poles(linear.model.system);
  const shown = Array.from(re, (x, i) => [x, im[i]] as const)
    .filter(([, imaginary]) => imaginary >= 0)
    .map(([x, y]) => (y === 0 ? short(x) : `${short(x)} ± ${short(y)}i`));
  return [
    `poles of the linear model   ${shown.join(", ")}`,
    ...(norm === null
      ? []
      : [
          `its H∞ norm                 ${short(norm.lower, 5)} to ${short(norm.upper, 5)}, standardised signals`,
        ]),
  ];
}

function certificateLines({ model, observed, units, fit }: IdentifyResult): string[] {
  const { certificate } = model;
  if (certificate === null)
    return ["no certificate: the linear model is unstable, so that nothing contracts"];
  const { rate, overshoot, guarantee } = certificate;
  const gamma = guarantee.kind === "lipschitz" ? guarantee.gamma : null;
  const inData = (gain: number) => `${short(gain, 3)} in the units of the data`;
  return [
    `certificate of the ${model.kind === "ren" ? "network" : "linear model"}, proven in float64 from the float32 weights in the file`,
    `  contraction   ‖Δx_t‖ ≤ ${short(overshoot)} · ${rate}^t ‖Δx_0‖`,
    ...lipschitzLine(model.kind, gamma, (gain) => inData(gain * units)),
    `  ${model.kind === "ren" ? "gain observed" : "gain         "} ${short(observed.gain, 3)}, ${howObserved(observed)}; ${inData(observed.inUnits)}`,
    ...(fit === null
      ? []
      : [
          `  trained       from a ${fit.startedFrom} start, ${fit.status} after ${fit.history.length - 1} epochs, best at ${fit.best}`,
        ]),
  ];
}

function lipschitzLine(
  kind: "ren" | "linear",
  gamma: number | null,
  inData: (gain: number) => string,
): string[] {
  if (gamma !== null)
    return [`  Lipschitz     ‖Δy‖ ≤ ${gamma} ‖Δu‖, standardised signals; ${inData(gamma)}`];
  // Of a linear model the H∞ norm stands above.
  return kind === "linear" ? [] : ["  Lipschitz     no bound asked for: --lipschitz"];
}
