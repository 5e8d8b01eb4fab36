import { counted } from "../../data/run/run.ts";
import { CertificateError } from "../../errors.ts";
import { resolventName } from "../../identification/file-neurons.ts";
import {
  decodeStep,
  encodeSequence,
  encodeStep,
  entryOf,
  type StepEntry,
} from "../../identification/step-file.ts";
import { recheckStep, type StepModel, unitsOfGain } from "../../identification/step-model.ts";
import { howObserved, observedGain } from "../../identification/step-observed.ts";
import type { DecodedModel } from "../../onnx/decode.ts";
import type { RenCertificate } from "../../verification/ren-certificate.ts";
import { short } from "../output/numbers.ts";
import type { Outcome } from "../output/output.ts";
import { type GraphCheck, graphCheck, graphFailure, graphLine } from "./graph-check.ts";

/** The certificate of a model that was identified, proven again from its file. */
export async function certifyStep(
  path: string,
  bytes: Uint8Array,
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
  const graph = graphOf(bytes, model, model.certificate, entryOf(file));
  const holds = check.holds && graph.holds !== false;
  const observed = wanted && holds ? await observedGain(model) : null;
  const inData = (gain: number) => `${short(gain * units, 3)} in the units of the data`;
  return {
    document: {
      holds,
      rate,
      overshoot,
      guarantee,
      margin: Number.isFinite(check.margin) ? check.margin : null,
      weightsMatch: check.weightsMatch,
      graph,
      gain: {
        bound: gamma,
        inUnitsOfData: units,
        ...(observed !== null && {
          observed: observed.gain,
          observedInUnitsOfData: observed.inUnits,
          observedBy: observed.by,
          observedAbout: observed.about,
        }),
      },
    },
    text: [
      `${model.kind}, ${counted(model.tensors.b_x.shape[0], "state")}, ${model.inputs.join(", ")} → ${model.outputs.join(", ")}`,
      `${check.holds ? "holds" : "FAILS"}  ${check.sentence}`,
      "       V(Δx) = Δxᵀ𝒫Δx of the difference of two states",
      graphLine(graph),
      ...(changed ? ["CHANGED  the weights are not those that were certified"] : []),
      ...(holds ? [`contraction  ‖Δx_t‖ ≤ ${overshoot} · ${rate}^t ‖Δx_0‖`] : []),
      ...(holds && gamma !== null
        ? [`Lipschitz    ‖Δy‖ ≤ ${gamma} ‖Δu‖, standardised signals; ${inData(gamma)}`]
        : []),
      ...(observed === null
        ? []
        : [
            `attained     a gain of ${short(observed.gain, 3)}, ${howObserved(observed)}; ${short(observed.inUnits, 3)} in the units of the data`,
          ]),
    ].join("\n"),
    ...(check.holds && !holds && { failure: graphFailure(graph, file.metadata) }),
    ...((!check.holds || (changed && holds)) && {
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

/** The graph of a file of `eigenflow identify`, and what its certificate says runs in it. */
function graphOf(
  bytes: Uint8Array,
  model: StepModel,
  certificate: RenCertificate,
  entry: StepEntry | null,
): GraphCheck {
  const { activation } = model;
  // That its feedback is that of the certificate was seen when the file was read.
  if (certificate.activation !== activation) {
    const difference = `the certificate speaks of ${certificate.activation}, the model runs ${activation}`;
    return { basis: "rebuilt", holds: false, difference };
  }
  // What a full D11 is solved by was held against it when the file was read.
  const write = entry === "sequence" ? encodeSequence : encodeStep;
  return graphCheck(bytes, () => write(model), [resolventName]);
}
