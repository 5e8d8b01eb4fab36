import { z } from "zod";
import { DataError } from "../errors.ts";
import type { SplittingKind } from "../models/monotone-deq.ts";
import { type ProxKind, proxKinds } from "../solvers/prox.ts";
import type { GainCertificate } from "./lbdn.ts";

/** What is proven of a trained model, of whichever kind. */
export type ModelCertificate = Certificate | GainCertificate;

/**
 * What is proven of the float32 weights in a model's file, as plain JSON. `recheck` proves it again
 * from those weights alone.
 *
 * The claims are about exact arithmetic on the stored weights; the rounding of the solver's own
 * float32 steps, and its stopping before the equilibrium, are reported with each solve instead.
 */
export interface Certificate {
  readonly schema: "eigenflow/certificate@1";
  readonly model: "monotone-deq" | "monotone-conv-deq";
  readonly precision: "float32";
  readonly iteration: Iteration;
  /** How U meets the images and what the head does, of "monotone-conv-deq" alone. */
  readonly convolution?: Convolution;
  readonly claims: readonly Claim[]; // of each kind at most one
}

/** The iteration that the file runs. Every activation here is the prox of a convex function. */
export interface Iteration {
  readonly activation: ProxKind;
  readonly splitting: SplittingKind;
  readonly alpha: number;
}

/** What the shapes of U and W_o leave open. */
export interface Convolution {
  readonly planes: number; // channels of the images
  readonly side: number; // of the images, in pixels
  readonly kernel: number; // side of the kernels in U
  readonly stride: number;
  readonly pool: number; // side of the windows of the head, in pixels of the last tier
  readonly pooling: "max" | "mean";
}

export type Claim = UniqueEquilibrium | Resolvent | Convergence | Lipschitz;
export type ClaimKind = Claim["kind"];

interface ClaimFields {
  /** Vectors are measured in the Euclidean norm, matrices in the spectral norm. */
  readonly norm: "l2";
  /** The tensors of the file that the claim is about. */
  readonly tensors: readonly string[];
  /** The number claimed: at most 6 digits, on the safe side of measured ± roundingMargin. */
  readonly bound: number;
  /** The number as computed in float64. */
  readonly measured: number;
  /** Proven bound of the rounding error in `measured`. */
  readonly roundingMargin: number;
}

/**
 * I − W is strongly monotone with constant m = `bound`: ⟨z − z′, (I − W)(z − z′)⟩ ≥ m ‖z − z′‖², so
 * one equilibrium exists for every input. The skew part of I − W drops out of that inner product, so
 * its symmetric part is what counts. The real parts of the eigenvalues of I − W are no substitute:
 * those of W = [[0, 6], [0, 0]] are all 1, and its monotonicity constant is −2.
 */
export interface UniqueEquilibrium extends ClaimFields {
  readonly kind: "unique-equilibrium";
  readonly inequality: typeof inequalities.monotone;
  /** The m that the parametrisation promises in exact arithmetic. */
  readonly nominal: number;
}

/** The iteration with R solves for the equilibrium of W_R, which is W but for rounding. */
export interface Resolvent extends ClaimFields {
  readonly kind: "resolvent";
  readonly inequality: typeof inequalities.resolvent;
}

/**
 * The iteration converges from every start for every input, its error in the iterated variable
 * multiplied by `bound` or less in each step: a prox is nonexpansive, and so is its reflection.
 */
export interface Convergence extends ClaimFields {
  readonly kind: "convergence";
  readonly inequality: typeof inequalities.reflected | typeof inequalities.forward;
}

/**
 * ‖y(x) − y(x′)‖ ≤ `bound` · ‖x − x′‖ for the logits y at the equilibrium and the raw inputs x of
 * the file, in their own units: D divides by input.scale, and m is the monotonicity of what runs.
 * Pabbaraju, Winston & Kolter (2021), "Estimating Lipschitz constants of monotone deep equilibrium
 * models", ICLR.
 */
export interface Lipschitz extends ClaimFields {
  readonly kind: "lipschitz";
  readonly inequality:
    | typeof inequalities.lipschitz
    | typeof inequalities.lipschitzOfRunning
    | typeof inequalities.lipschitzOfPooled;
}

export const inequalities = {
  monotone: "λmin(I − (W + Wᵀ)/2) ≥ m > 0",
  resolvent: "‖W_R − W‖₂ ≤ δ, where R = 2(I + α(I − W_R))⁻¹ − I",
  reflected: "‖R‖₂ ≤ rate < 1",
  forward: "‖I − α(I − W)‖₂ ≤ rate < 1",
  lipschitz: "‖W_o‖₂ ‖U D‖₂ / m ≤ L",
  lipschitzOfRunning: "‖W_o‖₂ ‖U D‖₂ / (m − δ) ≤ L",
  lipschitzOfPooled: "‖W_o‖₂ ‖pool‖ ‖U‖₂ ‖D‖₂ / (m − δ) ≤ L",
} as const;

const positive = z.number().positive();
const nonnegative = z.number().nonnegative();
const whole = z.int().positive();
const fields = {
  norm: z.literal("l2"),
  tensors: z.array(z.string()),
  bound: nonnegative,
  measured: nonnegative,
  roundingMargin: nonnegative,
};

const schema: z.ZodType<Certificate> = z.strictObject({
  schema: z.literal("eigenflow/certificate@1"),
  model: z.enum(["monotone-deq", "monotone-conv-deq"]),
  precision: z.literal("float32"),
  iteration: z.strictObject({
    activation: z.enum(proxKinds),
    splitting: z.enum(["peaceman-rachford", "forward-backward"] satisfies SplittingKind[]),
    alpha: positive,
  }),
  convolution: z
    .strictObject({
      planes: whole,
      side: whole,
      kernel: whole,
      stride: whole,
      pool: whole,
      pooling: z.enum(["max", "mean"]),
    })
    .optional(),
  claims: z.array(
    z.discriminatedUnion("kind", [
      z.strictObject({
        ...fields,
        kind: z.literal("unique-equilibrium"),
        inequality: z.literal(inequalities.monotone),
        bound: positive,
        nominal: positive,
      }),
      z.strictObject({
        ...fields,
        kind: z.literal("resolvent"),
        inequality: z.literal(inequalities.resolvent),
      }),
      z.strictObject({
        ...fields,
        kind: z.literal("convergence"),
        inequality: z.literal([inequalities.reflected, inequalities.forward]),
        bound: nonnegative.lt(1),
      }),
      z.strictObject({
        ...fields,
        kind: z.literal("lipschitz"),
        inequality: z.literal([
          inequalities.lipschitz,
          inequalities.lipschitzOfRunning,
          inequalities.lipschitzOfPooled,
        ]),
      }),
    ]),
  ),
});

type Wording = Partial<Record<ClaimKind, Claim["inequality"]>>;

/** What a certificate of each iteration says, claim by claim. */
const wording: Readonly<Record<SplittingKind, Wording>> = {
  "peaceman-rachford": {
    "unique-equilibrium": inequalities.monotone,
    resolvent: inequalities.resolvent,
    convergence: inequalities.reflected,
    lipschitz: inequalities.lipschitzOfRunning,
  },
  "forward-backward": {
    "unique-equilibrium": inequalities.monotone,
    convergence: inequalities.forward,
    lipschitz: inequalities.lipschitz,
  },
};
/** The same of a network of convolutions, which runs Peaceman–Rachford. */
const wordingOfConvolutions: Wording = {
  ...wording["peaceman-rachford"],
  lipschitz: inequalities.lipschitzOfPooled,
};

/**
 * A certificate from JSON that was read, nothing in it unknown or left open.
 *
 * @throws DataError  naming the field, for another schema, an unknown key, a number that is NaN or
 *   claims nothing (m ≤ 0, rate ≥ 1), and for a claim that is missing or made twice
 */
export function parseCertificate(json: unknown): Certificate {
  const { data, error } = schema.safeParse(json);
  if (error !== undefined) {
    const { path, message } = error.issues[0];
    const where = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`));
    throw new DataError(`certificate${where.join("")}: ${message}`, { cause: error });
  }
  const kinds = data.claims.map(({ kind }) => kind);
  const twice = kinds.find((kind, i) => kinds.indexOf(kind) < i);
  if (twice !== undefined) throw new DataError(`certificate: claim "${twice}" is made twice`);
  const { splitting } = data.iteration;
  const convolutional = data.model === "monotone-conv-deq";
  if (convolutional !== (data.convolution !== undefined))
    throw new DataError(`certificate.convolution: of "monotone-conv-deq" alone, and always there`);
  if (convolutional && splitting !== "peaceman-rachford")
    throw new DataError(`certificate.iteration.splitting: ${data.model} runs peaceman-rachford`);
  const wanted = convolutional ? wordingOfConvolutions : wording[splitting];
  const alien = data.claims.find(({ kind, inequality }) => wanted[kind] !== inequality);
  if (alien !== undefined) {
    throw new DataError(
      `certificate: claim "${alien.kind}": "${alien.inequality}" says nothing of ${splitting}`,
    );
  }
  const missing = (Object.keys(wanted) as ClaimKind[]).find(
    (kind) => !kinds.includes(kind) && !mayLack(kind),
  );
  if (missing !== undefined) throw new DataError(`certificate: claim "${missing}" is missing`);
  return data;
}

/**
 * Forward–backward contracts only for a small α, and often converges without; and what runs may be another
 * method on the map of a splitting, which the splitting's rate says nothing of.
 */
const mayLack = (kind: ClaimKind): boolean => kind === "convergence";
