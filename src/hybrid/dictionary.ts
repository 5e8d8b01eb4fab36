import { randomStream } from "../data/random.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { UsageError } from "../errors.ts";
import { beside } from "../linalg/blocks.ts";
import { type Matrix, matrix, transpose } from "../linalg/matrix.ts";
import { product } from "../linalg/provider.ts";

/** Functions of an input that are added to it before one linear map: observables of the layer. */
export type Dictionary =
  | { readonly kind: "affine" }
  | { readonly kind: "polynomial"; readonly degree: 2 | 3 }
  | {
      readonly kind: "fourier";
      readonly features: number;
      /** σ on standardised inputs: wave vectors are drawn from N(0, 1/σ²). */
      readonly width: number;
      readonly seed: number;
    }
  | { readonly kind: "relu"; readonly features: number; readonly seed: number };

/** The random numbers of a dictionary, drawn once: features act on weights · z + bias. */
export interface Frozen {
  readonly weights: Matrix; // [features × inputs]
  readonly bias: Float64Array; // [features]
}

/** More observables than this are a mistake: their products alone would not fit in memory. */
const most = 20_000;

const known = {
  affine: ["kind"],
  polynomial: ["kind", "degree"],
  fourier: ["kind", "features", "width", "seed"],
  relu: ["kind", "features", "seed"],
} as const;

/** @throws UsageError  for an unknown kind or field, or a number out of its range */
export function checkDictionary(dictionary: Dictionary, inputs: number): void {
  const { kind } = dictionary;
  if (!(kind in known))
    throw new UsageError(
      `no dictionary is called "${kind}"`,
      `one of ${Object.keys(known).join(", ")}`,
    );
  refuseUnknown(`dictionary ${kind}`, dictionary, known[kind]);
  if (kind === "polynomial" && dictionary.degree !== 2 && dictionary.degree !== 3)
    throw new UsageError(`polynomials of degree ${dictionary.degree}: 2 or 3 is wanted`);
  if (kind === "fourier" || kind === "relu") {
    const { features, seed } = dictionary;
    if (!(Number.isInteger(features) && features > 0))
      throw new UsageError(`${kind}: features = ${features} is no positive whole number`);
    if (!Number.isFinite(seed)) throw new UsageError(`${kind}: seed = ${seed} is no number`);
  }
  if (kind === "fourier" && !(dictionary.width > 0 && Number.isFinite(dictionary.width)))
    throw new UsageError(`fourier: width = ${dictionary.width} is not positive`);
  const count = observableCount(dictionary, inputs);
  if (count > most)
    throw new UsageError(
      `${kind}: ${count} observables of ${inputs} inputs, at most ${most} are possible`,
      "take random features (fourier, relu), whose number is chosen",
    );
}

/** How many observables ψ(x) = [1, x, features(x)] has. */
export function observableCount(dictionary: Dictionary, n: number): number {
  switch (dictionary.kind) {
    case "affine":
      return 1 + n;
    case "polynomial":
      return (
        1 + n + (n * (n + 1)) / 2 + (dictionary.degree === 3 ? (n * (n + 1) * (n + 2)) / 6 : 0)
      );
    default:
      return 1 + n + dictionary.features;
  }
}

/**
 * The random weights of a dictionary. Fourier: rows from N(0, 1/σ²), phases uniform in [0, 2π) (Rahimi &
 * Recht 2007, "Random features for large-scale kernel machines"). ReLU: rows from N(0, 1/inputs), so that
 * w·z has unit variance, and thresholds from N(0, 1).
 */
export function frozen(dictionary: Dictionary, inputs: number): Frozen | null {
  if (dictionary.kind !== "fourier" && dictionary.kind !== "relu") return null;
  const random = randomStream(dictionary.seed, "dictionary", dictionary.kind);
  const { features } = dictionary;
  const fourier = dictionary.kind === "fourier";
  const deviation = fourier ? 1 / dictionary.width : 1 / Math.sqrt(inputs);
  return {
    weights: matrix(features, inputs, () => deviation * random.normal()),
    bias: Float64Array.from({ length: features }, () =>
      fourier ? 2 * Math.PI * random.uniform() : random.normal(),
    ),
  };
}

/** The columns that each monomial multiplies, i ≤ j (≤ k), of degree 2, then of degree 3. */
export function monomialColumns(inputs: number, degree: 2 | 3): number[][] {
  const found: number[][] = [];
  for (let i = 0; i < inputs; i++) for (let j = i; j < inputs; j++) found.push([i, j]);
  if (degree === 2) return found;
  for (const [i, j] of [...found]) for (let k = j; k < inputs; k++) found.push([i, j, k]);
  return found;
}

/** [z, features(z)] for standardised rows z [samples × inputs]. */
export function expanded(dictionary: Dictionary, random: Frozen | null, Z: Matrix): Matrix {
  if (dictionary.kind === "affine") return Z;
  if (dictionary.kind === "polynomial") {
    const products = monomialColumns(Z.cols, dictionary.degree);
    return beside([
      Z,
      matrix(Z.rows, products.length, (i, j) =>
        products[j].reduce((value, k) => value * Z.data[i * Z.cols + k], 1),
      ),
    ]);
  }
  const { weights, bias } = random!;
  const act = dictionary.kind === "fourier" ? Math.cos : (v: number) => Math.max(0, v);
  const inner = product(Z, transpose(weights));
  const data = inner.data.map((value, k) => act(value + bias[k % inner.cols]));
  return beside([Z, { ...inner, data }]);
}
