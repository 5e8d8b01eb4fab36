import { readBytes } from "../../data/files.ts";
import { randomStream } from "../../data/random.ts";
import { CertificateError, DataError } from "../../errors.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { isStep } from "../../identification/step-file.ts";
import { compile } from "../../runtime/program.ts";
import { attainedGain } from "../../verification/attained.ts";
import { type Certificate, parseCertificate } from "../../verification/certificate.ts";
import { recheck } from "../../verification/recheck.ts";
import { modelIn, tensorsIn } from "../input/model-file.ts";
import { short } from "../output/numbers.ts";
import type { Outcome } from "../output/output.ts";
import { certifyGainOf, isGain } from "./gain-certify.ts";
import { graphFailure, graphLine } from "./graph-check.ts";
import { plainLayer } from "./plain-layer.ts";
import { certifyStep } from "./step-certify.ts";
import { trainedGraph } from "./trained-graph.ts";

/**
 * `eigenflow certify MODEL`: proves every claim again, from the file alone. Needs no runtime but to
 * search for the gain that is attained.
 */
export async function certifyFile(
  path: string,
  { attained: wanted = false }: { readonly attained?: boolean } = {},
): Promise<Outcome> {
  const bytes = await readBytes(path);
  const file = modelIn(bytes, path);
  const { metadata } = file;
  if (isStep(file)) return certifyStep(path, bytes, file, wanted);
  const json = metadata["eigenflow.certificate"];
  if (json === undefined) {
    const plain = plainLayer(bytes, file);
    if (plain !== null) return plain;
    throw new CertificateError(
      `${path} carries no certificate`,
      "eigenflow train writes one into models of kind monotone-deq, monotone-conv-deq and lbdn",
    );
  }
  const claimed = parsed(json, path);
  const tensors = tensorsIn(file);
  if (isGain(claimed)) {
    const model = parsed(metadata["eigenflow.model"] ?? "null", path);
    return certifyGainOf(
      path,
      { json: claimed, model, tensors, metadata, graph: trainedGraph(bytes, file) },
      wanted,
    );
  }
  const certificate = parseCertificate(claimed);
  const checks = recheck(certificate, tensors);
  const graph = trainedGraph(bytes, file, certificate);
  const failed = checks.filter(({ holds }) => !holds);
  const lines = checks.map(({ kind, holds, claimed, found, margin }, i) => {
    const { inequality } = certificate.claims[i];
    const numbers = `claimed ${claimed}, found ${short(found, 9)}, margin ${short(margin, 3)}`;
    return `${holds ? "holds" : "FAILS"}  ${kind.padEnd(18)}  ${inequality}\n       ${numbers}`;
  });
  const { activation, splitting, alpha } = certificate.iteration;
  const proven = failed.length === 0;
  const holds = proven && graph.holds !== false;
  const verdict = proven
    ? `all ${checks.length} claims hold${graph.holds === null ? " of the weights" : ""}`
    : `${failed.length} of ${checks.length} claims fail`;
  const attained = wanted && holds ? await attainedBy(tensors, certificate) : null;
  return {
    document: {
      holds,
      iteration: certificate.iteration,
      checks,
      graph,
      ...(attained && { attained }),
    },
    text: [
      `${certificate.model}, ${activation}, ${splitting} with α = ${short(alpha, 6)}`,
      ...lines,
      graphLine(graph),
      ...(attained ? [attainedLine(attained)] : []),
      graph.holds === false && proven
        ? `${verdict} of the weights, which are not what runs`
        : verdict,
    ].join("\n"),
    ...(!proven && {
      failure: new CertificateError(
        `${verdict}: ${failed.map(({ kind }) => kind).join(", ")}`,
        "the weights in the file are not those that were certified",
      ),
    }),
    ...(proven && !holds && { failure: graphFailure(graph, metadata) }),
  };
}

/** Both sides of the Lipschitz constant, outputs per unit of raw input in the 2-norm. */
interface Attained {
  readonly gain: number; // found by search
  readonly bound: number; // proven
}

async function attainedBy(
  tensors: Readonly<Record<string, Tensor>>,
  { iteration, claims }: Certificate,
): Promise<Attained> {
  const { normal } = randomStream(0, "attained");
  const { inputs, outputs, feeds } = attainedGain(tensors, iteration, normal);
  const program = await compile(inputs, outputs);
  try {
    const { gain } = await program.run(feeds);
    const claim = claims.find(({ kind }) => kind === "lipschitz");
    return { gain: Number(gain.data[0]), bound: claim?.bound ?? Number.POSITIVE_INFINITY };
  } finally {
    await program.release();
  }
}

const attainedLine = ({ gain, bound }: Attained) =>
  `attained  a gain of ${short(gain, 6)}, by search: the Lipschitz constant is from there to ${short(bound, 6)}`;

function parsed(json: string, path: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new DataError(`${path}: its metadata are no JSON`, { cause });
  }
}
