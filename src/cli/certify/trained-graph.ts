import { misfit } from "../../config/certified.ts";
import { describedModel, rebuilt } from "../../config/rebuild.ts";
import type { DecodedModel } from "../../onnx/decode.ts";
import type { Certificate } from "../../verification/certificate.ts";
import { tensorsIn } from "../input/model-file.ts";
import { type GraphCheck, graphCheck, onTrust } from "./graph-check.ts";

/**
 * The graph of a file of `eigenflow train`, held against that of the model in its metadata, and the model
 * against what a certificate of a monotone network says of the iteration.
 */
export function trainedGraph(
  bytes: Uint8Array,
  file: DecodedModel,
  certificate: Certificate | null = null,
): GraphCheck {
  const described = describedModel(parsed(file.metadata["eigenflow.model"]));
  if (described === null) return onTrust;
  const tensors = tensorsIn(file);
  const odd = certificate && misfit(certificate, described.config, tensors, described.inputs);
  return odd !== null
    ? { basis: "rebuilt", holds: false, difference: odd }
    : graphCheck(bytes, () => rebuilt(described, tensors));
}

function parsed(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? "null");
  } catch {
    return null;
  }
}
