import { refuseUnknown } from "../errors/suggest.ts";
import { DataError, ShapeError, UsageError } from "../errors.ts";
import { type Matrix, requireFinite } from "../linalg/matrix.ts";
import { type Activation, activationOf } from "./activation.ts";

/**
 * Where the nonlinearity stands.
 *
 * "pre-activation": ẋ = −D x + W σ(x) + θ + B s, or x′ = (1 − a) x + a (W σ(x) + θ + B s).
 * "cell": ḣ = −h + σ(W h + b + B s), or h′ = (1 − a) h + a σ(W h + b + B s), as the cells of
 * frameworks have it.
 */
export type Form = "pre-activation" | "cell";

/** Time that flows, with the decay rate of each unit, or goes in steps, with the leak a in (0, 1]. */
export type Time =
  | { readonly kind: "continuous"; readonly decay: Float64Array } // [N]
  | { readonly kind: "discrete"; readonly leak: number };

/** A recurrent network of N units; W_ij is the weight from unit j to unit i. */
export interface RecurrentNetwork {
  readonly W: Matrix; // [N × N]
  readonly theta: Float64Array; // [N]
  readonly B: Matrix | null; // [N × m], weights of the input
  readonly activation: Activation;
  readonly form: Form;
  readonly time: Time;
}

export interface NetworkOptions {
  readonly theta?: ArrayLike<number>; // 0 unless given
  readonly B?: Matrix;
  readonly activation?: string; // tanh unless given
  readonly form?: Form; // pre-activation unless given
  /** Of a network in steps; without it time is continuous. */
  readonly leak?: number;
  /** Decay rates of a network in continuous time, one or one for each unit; 1 unless given. */
  readonly decay?: number | ArrayLike<number>;
}

/**
 * The network of a weight matrix, checked.
 *
 * @throws ShapeError  for a W that is not square, or a θ, B or decay of another length
 * @throws DataError  for an entry that is not finite, or a W that is zero
 * @throws UsageError  for a leak outside (0, 1], a decay that is not positive, or one of both
 */
export function recurrentNetwork(W: Matrix, options: NetworkOptions = {}): RecurrentNetwork {
  refuseUnknown("recurrentNetwork", options, ["theta", "B", "activation", "form", "leak", "decay"]);
  const { rows: N, cols } = W;
  if (N !== cols)
    throw new ShapeError(
      `recurrent weights of ${N} × ${cols}: a square matrix is wanted, from N units to the same N`,
    );
  requireFinite(W);
  if (W.data.every((w) => w === 0))
    throw new DataError("the recurrent weights are all zero: each x_i − θ_i decays by itself");
  const { theta = new Float64Array(N), B, activation = "tanh", form = "pre-activation" } = options;
  if (form !== "pre-activation" && form !== "cell")
    throw new UsageError(`form "${form}"`, "known: pre-activation, cell");
  if (B !== undefined && B.rows !== N)
    throw new ShapeError(`input weights of ${B.rows} × ${B.cols} for ${N} units: wanted ${N} rows`);
  if (B !== undefined) requireFinite(B);
  return {
    W,
    theta: vector("θ", theta, N),
    B: B ?? null,
    activation: activationOf(activation),
    form,
    time: timeOf(options, N, form),
  };
}

function timeOf({ leak, decay }: NetworkOptions, N: number, form: Form): Time {
  if (leak !== undefined && decay !== undefined)
    throw new UsageError("a leak is of steps, a decay of continuous time: only one can be given");
  if (leak !== undefined) {
    if (!(leak > 0 && leak <= 1))
      throw new UsageError(`leak ${leak}`, "wanted: above 0 and at most 1");
    return { kind: "discrete", leak };
  }
  const rates = vector(
    "decay",
    typeof decay === "object" ? decay : new Float64Array(N).fill(decay ?? 1),
    N,
  );
  const odd = rates.find((rate) => rate <= 0);
  if (odd !== undefined) throw new UsageError(`a decay of ${odd}`, "wanted: positive rates");
  if (form === "cell" && rates.some((rate) => rate !== rates[0]))
    throw new UsageError("a cell with unequal decay", "convert it to pre-activation form");
  return { kind: "continuous", decay: rates };
}

function vector(what: string, given: ArrayLike<number>, N: number): Float64Array {
  if (given.length !== N)
    throw new ShapeError(
      `${given.length} numbers of ${what} for ${N} units`,
      "wanted: one number for each unit, in the order of the rows of W",
    );
  const bad = Array.from(given).findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new DataError(`entry ${bad} of ${what} is ${given[bad]}`);
  return Float64Array.from(given);
}

/** The rate at which everything decays, where units do not differ in it; null where they do. */
export function commonRate({ time }: RecurrentNetwork): number | null {
  if (time.kind === "discrete") return 1;
  const [first] = time.decay;
  return time.decay.every((rate) => rate === first) ? first : null;
}

/** Where x rests without recurrent weights: D⁻¹θ, or θ of a network in steps. */
export const centreOf = ({ time, theta }: RecurrentNetwork): Float64Array =>
  time.kind === "discrete" ? theta : theta.map((value, i) => value / time.decay[i]);
