import type { Deployed } from "../training/deploy.ts";
import type {
  Certificate,
  Convolution,
  Iteration,
  ModelCertificate,
} from "../verification/certificate.ts";
import { certify } from "../verification/certify.ts";
import { certifyGain } from "../verification/lbdn.ts";
import { imageOf, type Modelled } from "./model-of.ts";

/** What is proven of the tensors in the file, of the kinds that have something to prove. */
export function certificateOf(
  config: Modelled,
  tensors: Deployed,
  inputs: number,
): ModelCertificate | null {
  if (config.model.kind === "lbdn") return certifyGain(tensors);
  const iteration = iterationOf(config, tensors, inputs);
  if (iteration === null) return null;
  const found = certify(tensors, iteration);
  return plain(config)
    ? found
    : { ...found, claims: found.claims.filter(({ kind }) => kind !== "convergence") };
}

/** The rate is that of the splitting applied as it is; other methods go other ways from it. */
function plain({ solver }: Modelled): boolean {
  const { method, damping = 1 } = { damping: 1, ...solver?.forward };
  return method === "picard" && damping === 1;
}

/** The iteration of a monotone network, with what a certificate of it takes from the configuration. */
function iterationOf(config: Modelled, tensors: Deployed, inputs: number) {
  const { model } = config;
  if (model.kind === "monotone-deq") {
    const { activation, splitting, m } = model;
    const alpha = model.alpha === "auto" ? Number(tensors.alpha?.data[0]) : model.alpha;
    return { activation, splitting, alpha, m };
  }
  if (model.kind !== "monotone-conv-deq") return null;
  const { activation, alpha, m, injection, pool, pooling } = model;
  const [planes, side] = imageOf(config, inputs);
  const convolution: Convolution = { planes, side, ...injection, pool, pooling };
  return { activation, splitting: "peaceman-rachford" as const, alpha, m, convolution };
}

/**
 * In what a certificate of a monotone network speaks of another iteration than that of the model it stands
 * beside, as a sentence; null where it does not.
 */
export function misfit(
  certificate: Certificate,
  config: Modelled,
  tensors: Deployed,
  inputs: number,
): string | null {
  const { kind } = config.model;
  if (certificate.model !== kind)
    return `the certificate is of a ${certificate.model}, the model a ${kind}`;
  const runs = iterationOf(config, tensors, inputs);
  const claimed: Partial<Iteration & Convolution> = {
    ...certificate.iteration,
    ...certificate.convolution,
  };
  const wanted: typeof claimed = { ...runs, ...runs?.convolution };
  const keys = Object.keys(claimed) as (keyof typeof claimed)[];
  const odd = keys.find((key) => claimed[key] !== wanted[key]);
  if (odd !== undefined)
    return `the certificate speaks of ${odd} ${claimed[odd]}, the model runs ${wanted[odd]}`;
  return certificate.claims.some((claim) => claim.kind === "convergence") && !plain(config)
    ? "the certificate claims the rate of the splitting, the model runs another method"
    : null;
}
