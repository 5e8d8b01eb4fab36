import { randomStream } from "../../data/random.ts";
import { CertificateError, DataError } from "../../errors.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { isStep } from "../../identification/step-file.ts";
import { compile } from "../../runtime/program.ts";
import { attainedGain } from "../../verification/attained.ts";
import { type Certificate, parseCertificate } from "../../verification/certificate.ts";
import { recheck } from "../../verification/recheck.ts";
import { readModelFile, tensorsIn } from "../input/model-file.ts";
import { short } from "../output/numbers.ts";
import type { Outcome } from "../output/output.ts";
import { certifyGainOf, isGain } from "./gain-certify.ts";
import { plainLayer } from "./plain-layer.ts";
import { certifyStep } from "./step-certify.ts";

/**
 * `eigenflow certify MODEL`: proves every claim again, from the file alone. Needs no runtime but to
 * search for the gain that is attained.
 */
export async function certifyFile(
  path: string,
  { attained: wanted = false }: { readonly attained?: boolean } = {},
): Promise<Outcome> {
  const file = await readModelFile(path);
  const { metadata } = file;
  if (isStep(file)) return certifyStep(path, file, wanted);
  const json = metadata["eigenflow.certificate"];
  if (json === undefined) {
    const plain = plainLayer(file);
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
    return certifyGainOf(path, claimed, model, tensors, wanted);
  }
  const certificate = parseCertificate(claimed);
  const checks = recheck(certificate, tensors);
  const failed = checks.filter(({ holds }) => !holds);
  const lines = checks.map(({ kind, holds, claimed, found, margin }, i) => {
    const { inequality } = certificate.claims[i];
    const numbers = `claimed ${claimed}, found ${short(found, 9)}, margin ${short(margin, 3)}`;
    return `${holds ? "holds" : "FAILS"}  ${kind.padEnd(18)}  ${inequality}\n       ${numbers}`;
  });
  const { activation, splitting, alpha } = certificate.iteration;
  const holds = failed.length === 0;
  const verdict = holds
    ? `all ${checks.length} claims hold`
    : `${failed.length} of ${checks.length} claims fail`;
  const attained = wanted ? await attainedBy(tensors, certificate) : null;
  return {
    document: { holds, iteration: certificate.iteration, checks, ...(attained && { attained }) },
    text: [
      `${certificate.model}, ${activation}, ${splitting} with α = ${alpha}`,
      ...lines,
      ...(attained ? [attainedLine(attained)] : []),
      verdict,
    ].join("\n"),
    ...(!holds && {
      failure: new CertificateError(
        `${verdict}: ${failed.map(({ kind }) => kind).join(", ")}`,
        "the weights in the file are not those that were certified",
      ),
    }),
  };
}

/** Both sides of the Lipschitz constant, logits per unit of raw input in the 2-norm. */
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
