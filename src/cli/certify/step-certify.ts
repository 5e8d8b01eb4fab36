import { CertificateError } from "../../errors.ts";
import { decodeStep } from "../../identification/step-file.ts";
import { recheckStep, unitsOfGain } from "../../identification/step-model.ts";
import { observedGain } from "../../identification/step-observed.ts";
import type { DecodedModel } from "../../onnx/decode.ts";
import { short } from "../output/numbers.ts";
import type { Outcome } from "../output/output.ts";

/** The certificate of a model that was identified, proven again from its file. */
export async function certifyStep(
  path: string,
  file: DecodedModel,
  wanted: boolean,
): Promise<Outcome> {
  const model = decodeStep(file, path);
  const check = recheckStep(model);
  if (check === null || model.certificate === null)
    throw new CertificateError(
      `${path} carries no certificate`,
      "eigenflow identify writes one into every model that is stable",
    );
  const { rate, overshoot, guarantee } = model.certificate;
  const gamma = guarantee.kind === "lipschitz" ? guarantee.gamma : null;
  const units = unitsOfGain(model);
  const changed = check.weightsMatch === false;
  const observed = wanted && check.holds ? await observedGain(model) : null;
  const inData = (gain: number) => `${short(gain * units, 3)} in the units of the data`;
  return {
    document: {
      holds: check.holds,
      rate,
      overshoot,
      guarantee,
      margin: Number.isFinite(check.margin) ? check.margin : null,
      weightsMatch: check.weightsMatch,
      gain: { bound: gamma, inUnitsOfData: units, ...(observed !== null && { observed }) },
    },
    text: [
      `${model.kind}, ${model.tensors.b_x.shape[0]} states, ${model.inputs.join(", ")} → ${model.outputs.join(", ")}`,
      `${check.holds ? "holds" : "FAILS"}  ${check.sentence}`,
      ...(changed ? ["CHANGED  the weights are not those that were certified"] : []),
      ...(check.holds ? [`contraction  ‖Δx_t‖ ≤ ${short(overshoot)} · ${rate}^t ‖Δx_0‖`] : []),
      ...(check.holds && gamma !== null
        ? [`Lipschitz    ‖Δy‖ ≤ ${gamma} ‖Δu‖, standardised signals; ${inData(gamma)}`]
        : []),
      ...(observed === null
        ? []
        : [`attained     a gain of ${short(observed, 3)}, by search; ${inData(observed)}`]),
    ].join("\n"),
    ...((!check.holds || changed) && {
      failure: new CertificateError(
        check.holds
          ? "the weights in the file are not those that were certified, though what is claimed holds of them too"
          : "the certificate does not hold",
        check.holds
          ? "take the file that eigenflow identify wrote, or identify again"
          : "the weights in the file are not those that were certified",
      ),
    }),
  };
}
