import { CertificateError, DataError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { parseCertificate } from "../verification/certificate.ts";
import { recheck } from "../verification/recheck.ts";
import { readModelFile } from "./model-file.ts";
import { short } from "./numbers.ts";
import type { Outcome } from "./output.ts";

/** `eigenflow certify MODEL`: proves every claim again, from the file alone. Needs no runtime. */
export async function certifyFile(path: string): Promise<Outcome> {
  const { metadata, initialisers } = await readModelFile(path);
  const json = metadata["eigenflow.certificate"];
  if (json === undefined) {
    throw new CertificateError(
      `${path} carries no certificate`,
      "eigenflow train writes one into models of kind monotone-deq",
    );
  }
  const certificate = parseCertificate(parsed(json, path));
  const tensors = Object.fromEntries(
    Object.entries(initialisers).map(([name, { dtype, shape, node }]): [string, Tensor] => [
      name,
      { dtype, shape: shape as readonly number[], data: node.data! },
    ]),
  );
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
  return {
    document: { holds, iteration: certificate.iteration, checks },
    text: [
      `${certificate.model}, ${activation}, ${splitting} with α = ${alpha}`,
      ...lines,
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

function parsed(json: string, path: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new DataError(`${path}: its certificate is no JSON`, { cause });
  }
}
