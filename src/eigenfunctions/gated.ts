import { randomStream } from "../data/random.ts";
import { ShapeError } from "../errors.ts";
import { frobeniusNorm, type Matrix, matrixOf } from "../linalg/matrix.ts";
import { svd } from "../linalg/svd.ts";
import { activationOf } from "./activation.ts";
import { roundingShare } from "./null-space.ts";
import { columnOf, dot, times } from "./vectors.ts";

/** One gate's block of recurrent weights. */
export interface Gate {
  readonly name: string;
  readonly rank: number;
  readonly norm: number; // ‖·‖_F; 0: the gate does not look at the state
}

/** What can honestly be said of a gated cell: no eigenfunction is known in closed form. */
export interface GatedReading {
  readonly kind: "gru" | "lstm";
  readonly units: number;
  readonly gates: readonly Gate[];
  /** Whether no gate looks at the state: then it is a leaky cell, and reduces as one. */
  readonly frozen: boolean;
  /**
   * Along one trajectory without input, u being the weakest left direction of the candidate's
   * weights: max |uᵀs_{k+1} − ḡ uᵀs_k|/max |uᵀs_k|, s the state that is kept (h, or c of an LSTM) and ḡ
   * the mean share kept. 0 would be an eigenfunction along it; it holds for this trajectory alone.
   */
  readonly departure: number;
  readonly keeps: number; // ḡ
  readonly steps: number;
}

const orders = {
  gru: { torch: ["reset", "update", "candidate"], onnx: ["update", "reset", "candidate"] },
  lstm: {
    torch: ["input", "forget", "candidate", "output"],
    onnx: ["input", "output", "forget", "candidate"],
  },
} as const;

const logistic = activationOf("logistic").value;
const steps = 100;

/**
 * Reads a GRU or LSTM. h′ = (1 − z) ∘ n + z ∘ h has uᵀ(z ∘ h) in it: a linear eigenfunction needs an
 * update gate that is constant on the support of u, and the nonlinearity stands outside even then; the
 * row space does not close either, since z ∘ h needs the whole h. Of the LSTM c′ = f ∘ c + i ∘ g the
 * forget gate is in the way alike.
 *
 * @param W  recurrent weights [gates·H × H], blocks in the order of PyTorch or of ONNX
 * @throws ShapeError  for another shape
 */
export function readGated(
  kind: "gru" | "lstm",
  W: Matrix,
  order: "torch" | "onnx",
  bias: ArrayLike<number> | null = null,
  seed = 0,
): GatedReading {
  const names = orders[kind][order];
  const H = W.cols;
  if (W.rows !== names.length * H)
    throw new ShapeError(
      `${kind} weights of ${W.rows} × ${H}: ${names.length * H} rows are wanted`,
    );
  const blocks = new Map(
    names.map((name, k): [string, Matrix] => [
      name,
      matrixOf(H, H, W.data.slice(k * H * H, (k + 1) * H * H)),
    ]),
  );
  const at: Drive = (name, h) => {
    const k = (names as readonly string[]).indexOf(name);
    return times(blocks.get(name)!, h).map((value, i) => value + (bias?.[k * H + i] ?? 0));
  };
  const gates = names.map((name) => {
    const R = blocks.get(name)!;
    const { s } = svd(R);
    const rank = s.reduce((count, sigma) => count + +(sigma > roundingShare(H) * s[0]), 0);
    return { name, rank, norm: frobeniusNorm(R) };
  });
  const { U } = svd(blocks.get("candidate")!);
  const u = columnOf(U, H - 1);
  const draw = randomStream(seed, "gated");
  let h = Float64Array.from({ length: H }, () => Math.tanh(draw.normal()));
  let kept = h;
  const seen: { before: number; after: number; share: number }[] = [];
  for (let k = 0; k < steps; k++) {
    const next = kind === "gru" ? gruStep(at, h) : lstmStep(at, h, kept);
    seen.push({
      before: dot(u, kept),
      after: dot(u, next.kept),
      share: next.share.reduce((sum, g) => sum + g, 0) / H,
    });
    [h, kept] = [next.h, next.kept];
  }
  const keeps = seen.reduce((sum, { share }) => sum + share, 0) / steps;
  const most = seen.reduce((top, { before }) => Math.max(top, Math.abs(before)), 0);
  const gap = seen.reduce(
    (top, { before, after }) => Math.max(top, Math.abs(after - keeps * before)),
    0,
  );
  const frozen = gates.every(({ name, norm: size }) => name === "candidate" || size === 0);
  return { kind, units: H, gates, frozen, departure: gap / most, keeps, steps };
}

/** What stands in a gate's activation. */
type Drive = (name: string, h: Float64Array) => Float64Array;

/** With the reset behind the product, as PyTorch has it. */
function gruStep(at: Drive, h: Float64Array) {
  const r = at("reset", h).map(logistic);
  const z = at("update", h).map(logistic);
  const n = at("candidate", h).map((value, i) => Math.tanh(r[i] * value));
  const next = n.map((value, i) => (1 - z[i]) * value + z[i] * h[i]);
  return { h: next, kept: next, share: z };
}

function lstmStep(at: Drive, h: Float64Array, c: Float64Array) {
  const [i, f, o] = ["input", "forget", "output"].map((name) => at(name, h).map(logistic));
  const g = at("candidate", h).map(Math.tanh);
  const kept = c.map((value, k) => f[k] * value + i[k] * g[k]);
  return { h: kept.map((value, k) => o[k] * Math.tanh(value)), kept, share: f };
}

/** What remains to be done with a gated cell. */
export const gatedOffers = ({ kind, frozen, departure, keeps, steps: count }: GatedReading) => [
  frozen
    ? "its gates do not look at the state: with gates constant over the units it is a leaky cell, so " +
      "give the candidate's block by itself with --form cell --discrete --leak"
    : `its gates look at the state: only a ${kind} whose gate weights are zero reduces exactly`,
  `along ${count} steps without input, φ = uᵀ${kind === "gru" ? "h" : "c"} of the weakest direction departs from ` +
    `φ′ = ${keeps.toPrecision(3)} φ by up to ${departure.toPrecision(3)} of its size: of this trajectory alone`,
  "linearise it at fixed points found by iteration",
  "fit Koopman modes to trajectories of its state (Hankel DMD with residuals: eigenflow/koopman)",
];
