import { z } from "zod";
import { randomStream } from "../../data/random.ts";
import { CertificateError, DataError } from "../../errors.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { type MonotoneActivation, monotoneActivations } from "../../models/lbdn.ts";
import { compile } from "../../runtime/program.ts";
import {
  gainInequality,
  gainShape,
  parseGainCertificate,
  recheckGain,
} from "../../verification/lbdn.ts";
import { attainedLbdnGain } from "../../verification/lbdn-attained.ts";
import { short } from "../output/numbers.ts";
import type { Outcome } from "../output/output.ts";
import { type GraphCheck, graphFailure, graphLine } from "./graph-check.ts";

/** What the metadata `eigenflow.model` of such a file says. */
const about = z.object({
  kind: z.literal("lbdn"),
  activation: z.enum(Object.keys(monotoneActivations) as MonotoneActivation[]),
});

/** Whether a certificate is that of a Lipschitz-bounded network. */
export const isGain = (json: unknown): boolean =>
  (json as { readonly schema?: unknown } | null)?.schema === "eigenflow/gain-certificate@1";

/** What the file says of itself, and how its graph was found. */
interface GainFile {
  readonly json: unknown; // the certificate
  readonly model: unknown; // the metadata `eigenflow.model`
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly graph: GraphCheck;
}

/** The bound of a Lipschitz-bounded network that was trained, proven again from its file. */
export async function certifyGainOf(
  path: string,
  { json, model, tensors, metadata, graph }: GainFile,
  wanted: boolean,
): Promise<Outcome> {
  const certificate = parseGainCertificate(json);
  const { data, error } = about.safeParse(model);
  if (error !== undefined)
    throw new DataError(`${path}: its model is none that such a certificate is about`, {
      hint: `wanted: kind lbdn, with an activation of slope in [0, 1]: ${Object.keys(monotoneActivations).join(", ")}`,
    });
  const { activation } = data;
  const { inputs, hidden, outputs } = gainShape(tensors);
  const { holds: proven, margins, sentence, found } = recheckGain(certificate, tensors);
  const holds = proven && graph.holds !== false;
  const { layers, bound, output } = certificate;
  const gain = wanted && holds ? await attainedBy(tensors, activation) : null;
  return {
    document: {
      holds,
      activation,
      sizes: [inputs, ...hidden, outputs],
      bound,
      sentence,
      layers: layers.map(({ gain }, i) => ({
        gain,
        margin: Number.isFinite(margins[i]) ? margins[i] : null,
      })),
      output,
      found,
      graph,
      ...(gain !== null && { attained: { gain, bound } }),
    },
    text: [
      `lbdn, ${activation}, ${[inputs, ...hidden, outputs].join(" → ")}`,
      ...layers.map(
        ({ gain }, i) =>
          `${margins[i] >= 0 ? "holds" : "FAILS"}  layer ${i}: claimed gain ${gain}, margin ${short(margins[i], 3)}`,
      ),
      `${proven ? "holds" : "FAILS"}  lipschitz           ${gainInequality}`,
      `       ${sentence}`,
      graphLine(graph),
      ...(holds ? [`‖y(x) − y(x′)‖ ≤ ${bound} ‖x − x′‖ for all raw inputs x, x′, 2-norm`] : []),
      ...(gain === null
        ? []
        : [
            `attained  a gain of ${short(gain, 6)}, by search: the Lipschitz constant is from there to ${short(bound, 6)}`,
          ]),
    ].join("\n"),
    ...(proven && !holds && { failure: graphFailure(graph, metadata) }),
    ...(!proven && {
      failure: new CertificateError(
        sentence,
        "the weights in the file are not those that were certified",
      ),
    }),
  };
}

async function attainedBy(
  tensors: Readonly<Record<string, Tensor>>,
  activation: MonotoneActivation,
): Promise<number> {
  const { normal } = randomStream(0, "attained");
  const { inputs, outputs, feeds } = attainedLbdnGain(tensors, activation, normal);
  const program = await compile(inputs, outputs);
  try {
    return Number((await program.run(feeds)).gain.data[0]);
  } finally {
    await program.release();
  }
}
