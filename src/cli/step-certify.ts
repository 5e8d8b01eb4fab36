import { CertificateError } from "../errors.ts";
import { decodeStep } from "../identification/step-file.ts";
import { recheckStep, unitsOfGain } from "../identification/step-model.ts";
import { observedGain } from "../identification/step-observed.ts";
import type { DecodedModel } from "../onnx/decode.ts";
import { short } from "./numbers.ts";
import type { Outcome } from "./output.ts";

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
  const observed = wanted && check.holds ? await observedGain(model) : null;
  const inData = (gain: number) => `${short(gain * units, 3)} in the units of the data`;
  return {
    document: {
      holds: check.holds,
      rate,
      overshoot,
      guarantee,
      margin: Number.isFinite(check.margin) ? check.margin : null,
      gain: { bound: gamma, inUnitsOfData: units, ...(observed !== null && { observed }) },
    },
    text: [
      `${model.kind}, ${model.tensors.b_x.shape[0]} states, ${model.inputs.join(", ")} → ${model.outputs.join(", ")}`,
      `${check.holds ? "holds" : "FAILS"}  ${check.sentence}`,
      ...(check.holds ? [`contraction  ‖Δx_t‖ ≤ ${short(overshoot)} · ${rate}^t ‖Δx_0‖`] : []),
      ...(check.holds && gamma !== null
        ? [`Lipschitz    ‖Δy‖ ≤ ${gamma} ‖Δu‖, standardised signals; ${inData(gamma)}`]
        : []),
      ...(observed === null
        ? []
        : [`attained     a gain of ${short(observed, 3)}, by search; ${inData(observed)}`]),
    ].join("\n"),
    ...(!check.holds && {
      failure: new CertificateError(
        "the certificate does not hold",
        "the weights in the file are not those that were certified",
      ),
    }),
  };
}
