import type { Experiment } from "../../data/experiment/experiment.ts";
import { poles } from "../../lti/state-space.ts";
import type { IdentifyResult } from "./identify.ts";
import { validationDocument } from "./validation-document.ts";

/** What was identified as plain JSON. */
export function identifiedDocument(result: IdentifyResult): Record<string, unknown> {
  const { work, check, linear, norm, judged, fit, model, observed, units, warnings } = result;
  const samples = (of: readonly Experiment[]) => of.reduce((sum, { count }) => sum + count, 0);
  const { re, im } = poles(linear.model.system);
  const { certificate, inputs, outputs, sampleTime, kind, tensors } = model;
  const bound = certificate?.guarantee.kind === "lipschitz" ? certificate.guarantee.gamma : null;
  return {
    model: kind,
    data: {
      inputs,
      outputs,
      sampleTime,
      samples: { estimation: samples(work), heldOut: samples(check) },
    },
    models: judged.map(({ name, estimation, heldOut }) => ({
      name,
      estimation: validationDocument(estimation),
      heldOut: validationDocument(heldOut),
    })),
    linear: {
      order: linear.order,
      poles: Array.from(re, (x, i) => ({ re: x, im: im[i], abs: Math.hypot(x, im[i]) })),
      hInfinity: norm && { lower: norm.lower, upper: norm.upper },
    },
    ...(fit && {
      training: {
        states: tensors.b_x.shape[0],
        neurons: tensors.b_v.shape[0],
        feedback: model.feedback ?? "acyclic",
        startedFrom: fit.startedFrom,
        status: fit.status,
        epochs: fit.history.length - 1,
        best: fit.best,
      },
    }),
    certificate: certificate && {
      rate: certificate.rate,
      overshoot: certificate.overshoot,
      guarantee: certificate.guarantee,
      margin: certificate.measured - certificate.roundingMargin,
    },
    gain: {
      bound,
      observed: Number.isFinite(observed.gain) ? observed.gain : null,
      observedInUnitsOfData: Number.isFinite(observed.inUnits) ? observed.inUnits : null,
      observedBy: observed.by,
      observedAbout: observed.about,
      frequency: observed.frequency,
      inUnitsOfData: units,
    },
    warnings,
    files: result.files,
  };
}
