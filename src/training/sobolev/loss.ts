import type { Dataset } from "../../data/dataset.ts";
import { refuseUnknown, unknownName } from "../../errors/suggest.ts";
import { DataError, UsageError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import { add, cast, div, mul, square, sub } from "../../graph/ops/elementwise.ts";
import { matmul } from "../../graph/ops/linear.ts";
import { concat, matrixTranspose } from "../../graph/ops/movement.ts";
import { reduceSum, reduceSumSquare } from "../../graph/ops/reduction.ts";
import { tensorOf } from "../../graph/tensor.ts";
import { tensor } from "../../graph/value.ts";
import {
  type Frequency,
  multiplicity,
  type ShellScale,
  shell,
  shellRadius,
  sobolevWeight,
} from "../../signal/shells.ts";
import { type Domain, onTorus, periodOf } from "../../signal/torus.ts";
import { fourierTransform, type TransformName, transformNames } from "../../signal/transform.ts";
import { type Loss, meanSquaredError } from "../losses.ts";

/**
 * Where the spectra are compared: on the heads of the hidden layers, beside the mean squared error of the
 * output; on the output; or on both, without the mean squared error.
 */
export const sobolevKinds = ["sobolev-1", "sobolev-2", "sobolev-1+2"] as const;
export type SobolevKind = (typeof sobolevKinds)[number];

export interface SobolevOptions {
  readonly kind: SobolevKind;
  /** Hidden layers with heads: L. Not wanted for sobolev-2. */
  readonly layers?: number;
  /** s(ℓ): layer ℓ compares the frequencies of the shell ‖k‖₁ = s(ℓ). */
  readonly shells?: ShellScale;
  /** The output compares the shells s(0) … s(outputShells); L unless given. */
  readonly outputShells?: number;
  /** Layer ℓ compares all shells s(0) … s(ℓ) in place of its own. */
  readonly cumulative?: boolean;
  /** s of the norm of Hˢ: −1/2 in the paper. */
  readonly exponent?: number;
  /** By `usualTransform` of the inputs. */
  readonly transform?: TransformName;
  /** The period of each input; `periodOf` the training rows unless given. */
  readonly domain?: Domain;
}

const knownOptions = Object.keys({
  kind: true,
  layers: true,
  shells: true,
  outputShells: true,
  cumulative: true,
  exponent: true,
  transform: true,
  domain: true,
} satisfies Record<keyof SobolevOptions, true>);

/**
 * Negative-Sobolev losses of a regression on up to three inputs, for the training rows `data` alone. With
 * ê(k) = Σᵢ E_ki eᵢ the Fourier coefficients of an error on the torus (`fourierTransform`), a set of shells
 * costs
 *
 *   Σₘ Σ_k |êₘ(k)|² (1 + (2π‖k‖₂)²)ˢ,   s = −1/2 unless given,
 *
 * - sobolev-1: the mean squared error, and for each hidden layer ℓ = 1 … L the shell ‖k‖₁ = s(ℓ) of the error
 *   of its head (`withHeads`);
 * - sobolev-2: the shells s(0) … s(L) of the error of the output;
 * - sobolev-1+2: sobolev-2 and the heads' shells.
 *
 * With m the multiplicity of k and ω its weight, the columns √(mω)·(Re E, Im E) make one real matrix T [N × F],
 * so that a term is ‖Tᵀe‖² and its derivative with respect to the output −2 Re(E* diag(mω) E e). A square of
 * sums over all rows is no mean over rows: of a batch B of them, what is summed is
 * N(N−1)/(B(B−1)) Σ_{i≠j} aᵢaⱼ + N/B Σᵢ aᵢ², a = Tᵢeᵢ, which is unbiased (`estimates.ts`) and for B = N the
 * term itself.
 *
 * Mohr et al. (2021), "Applications of Koopman mode analysis to neural networks", equations 6 and 7. The paper
 * does not say what loss the output has beside the heads: it is read here as the mean squared error.
 *
 * @throws UsageError  for options that are unknown or contradict one another
 * @throws DataError  for classes, for more than three inputs, or samples that do not tell the coefficients
 */
export function sobolevLoss(data: Dataset, options: SobolevOptions): Loss {
  const { kind, layers, count } = checked(data, options);
  const { exponent = -0.5, cumulative = false, transform } = options;
  const scale = options.shells ?? "linear";
  const own = (layer: number) =>
    cumulative ? range(0, layer).map((l) => shellRadius(scale, l)) : [shellRadius(scale, layer)];
  const terms = [
    ...(kind === "sobolev-2" ? [] : range(1, layers).map(own)),
    ...(kind === "sobolev-1" ? [] : [range(0, count).map((l) => shellRadius(scale, l))]),
  ];

  const points = onTorus(data.features, options.domain ?? periodOf(data.features, data.width));
  const radii = [...new Set(terms.flat())].sort((a, b) => a - b);
  const frequencies = radii.flatMap((radius) => shell(radius, data.width));
  const { re, im } = fourierTransform(points, frequencies, transform);
  const roots = frequencies.map((k) => Math.sqrt(multiplicity(k) * sobolevWeight(k, exponent)));
  const width = 2 * frequencies.length;
  const T = new Float32Array(data.count * width);
  roots.forEach((root, f) => {
    for (let i = 0; i < data.count; i++) {
      T[i * width + 2 * f] = root * re.data[f * data.count + i];
      T[i * width + 2 * f + 1] = root * im.data[f * data.count + i];
    }
  });
  const norms = frequencies.map((k: Frequency) => k.reduce((sum, x) => sum + Math.abs(x), 0));
  const outputs = data.targets.kind === "values" ? data.targets.width : 0;
  // Which columns of T count for which column of the errors, term by term.
  const chosen = terms.flatMap((wanted) => Array<readonly number[]>(outputs).fill(wanted));
  const mask = Float32Array.from({ length: width * chosen.length }, (_, i) => {
    const [row, column] = [Math.floor(i / chosen.length), i % chosen.length];
    return Number(chosen[column].includes(norms[row >> 1]));
  });
  const heads = kind === "sobolev-2" ? 0 : layers;
  return {
    kind,
    rows: { transform: tensorOf(T, [data.count, width]) },
    least: 2,
    of: (prediction, target, { rows, size, whole, auxiliary }) => {
      if (heads > 0 && auxiliary.length !== heads)
        throw new UsageError(
          `${kind}: ${auxiliary.length} heads where the loss is of ${heads} hidden layers`,
          "train withHeads(model)",
        );
      const compared = [
        ...auxiliary.slice(0, heads),
        ...(kind === "sobolev-1" ? [] : [prediction]),
      ];
      const targets = compared.map(() => target);
      const errors = sub(joined(compared), outputs === 1 ? target : joined(targets));
      const shown = cast(tensor(mask, [width, chosen.length], "shells"), errors.dtype);
      const spectral = spectralSum(rows.transform, errors, shown, {
        count: data.count,
        ...(!whole && { size }),
      });
      return kind === "sobolev-1" ? add(meanSquaredError(prediction, target), spectral) : spectral;
    },
  };
}

/** ‖mask ∘ Tᵀe‖², or what a batch of `size` of `count` rows tells of it. */
function spectralSum(
  T: Value,
  e: Value,
  mask: Value,
  { count, size }: { readonly count: number; readonly size?: Value },
): Value {
  const squared = reduceSumSquare(mul(matmul(matrixTranspose(T), e), mask));
  if (size === undefined) return squared;
  const alone = reduceSum(mul(square(e), matmul(square(T), mask)));
  const pairs = div(count * (count - 1), mul(size, sub(size, 1)));
  return add(mul(sub(squared, alone), pairs), mul(alone, div(count, size)));
}

const joined = (columns: readonly Value[]) =>
  columns.length === 1 ? columns[0] : concat(columns, 1);

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

function checked({ name, width, targets }: Dataset, options: SobolevOptions) {
  refuseUnknown("sobolevLoss", options, knownOptions);
  const { kind, layers = 0, exponent = -0.5, transform, domain } = options;
  if (!sobolevKinds.includes(kind)) throw unknownName("unknown loss", kind, sobolevKinds);
  if (transform !== undefined && !transformNames.includes(transform))
    throw unknownName("unknown transform", transform, transformNames);
  if (targets.kind !== "values")
    throw new DataError(`${name} has classes: ${kind} compares the spectra of values`);
  if (width > 3)
    throw new DataError(
      `${name} has ${width} inputs: ${kind} takes up to 3, its shells grow as ℓ^D`,
    );
  if (domain && domain.length !== width)
    throw new UsageError(`${kind}: a domain of ${domain.length} inputs, ${name} has ${width}`);
  if (!Number.isFinite(exponent)) throw new UsageError(`${kind}: the exponent is ${exponent}`);
  const count = options.outputShells ?? layers;
  if (kind === "sobolev-2" && options.outputShells === undefined && layers === 0)
    throw new UsageError(
      "sobolev-2: neither outputShells nor the number of hidden layers is given",
      "outputShells: 9 compares the frequencies up to 9",
    );
  for (const [what, n] of Object.entries({ layers, outputShells: count }))
    if (!(Number.isInteger(n) && n >= 0))
      throw new UsageError(`${kind}: ${what} = ${n} is no whole number`);
  if (kind !== "sobolev-2" && layers === 0)
    throw new UsageError(`${kind}: layers, of hidden layers with heads, is not given`);
  if (kind === "sobolev-1" && options.outputShells !== undefined)
    throw new UsageError("sobolev-1: outputShells is for sobolev-2 and sobolev-1+2");
  return { kind, layers, count };
}
