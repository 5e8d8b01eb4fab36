import {
  requireNumber,
  requireObject,
  requireOneOf,
  requireSizes,
  requireThat,
} from "../errors/arguments.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { div, maximum, mul, sqrt, square, sub } from "../graph/ops/elementwise.ts";
import { gemm } from "../graph/ops/linear.ts";
import { reshape } from "../graph/ops/movement.ts";
import { reduceSum } from "../graph/ops/reduction.ts";
import { tensor, typedArray } from "../graph/value.ts";
import {
  applyBlocks,
  type Basis,
  blockPeacemanRachford,
  joinTiers,
  reflectedTiers,
} from "../solvers/block-splitting.ts";
import { fixedPoint, type WholeSolver } from "../solvers/fixed-point.ts";
import { iterate } from "../solvers/iterate.ts";
import { type SolveOptions, solveOptions } from "../solvers/options.ts";
import { picard } from "../solvers/picard.ts";
import { type ProxKind, proxOf } from "../solvers/prox.ts";
import { uniformFanIn } from "./initialise.ts";
import { inject, injectedSide } from "./injection.ts";
import type { Model } from "./model.ts";
import {
  initialSizes,
  type Parametrisation,
  requireParametrisation,
} from "./monotone-parameters.ts";
import { kernelNames, kernelShape, pixelsOf, tierLayout, tierWeights } from "./monotone-tiers.ts";
import { borderMask, injected, pooledTiers } from "./tier-maps.ts";

export interface MonotoneConvDeqOptions {
  /** Channels, height and width of the images, which are square; features are rows of C·H·W pixels. */
  readonly image: readonly [number, number, number];
  /** Channels of each tier; each tier has half the side of the one before. */
  readonly channels: readonly number[];
  readonly outputs: number;
  /** Side of the kernels within and between tiers, odd. */
  readonly kernel?: number;
  /** The convolution U of the images into the first tier, whose side is the image's by the stride. */
  readonly injection?: { readonly kernel: number; readonly stride: number };
  /** Pixels along the edge of each tier that are held at 0, so that nothing reaches around the torus. */
  readonly border?: number;
  /** Side of the windows, in pixels of the last tier, over which the head takes the largest or the mean. */
  readonly pool?: number;
  readonly pooling?: "max" | "mean";
  /** Strong monotonicity: λmin(I − (W + Wᵀ)/2) ≥ m by construction. */
  readonly m?: number;
  readonly parametrisation?: Parametrisation;
  readonly activation?: ProxKind;
  /** Step of the splitting. */
  readonly alpha?: number;
  /** Options of plain iteration, which a splitting that contracts needs no other for. */
  readonly forward?: PlainIteration;
  readonly backward?: PlainIteration;
}

const knownOptions = Object.keys({
  image: true,
  channels: true,
  outputs: true,
  kernel: true,
  injection: true,
  border: true,
  pool: true,
  pooling: true,
  m: true,
  parametrisation: true,
  activation: true,
  alpha: true,
  forward: true,
  backward: true,
} satisfies Record<keyof MonotoneConvDeqOptions, true>);

export interface PlainIteration extends Partial<SolveOptions> {
  readonly method?: string; // "picard", where it is named
  readonly damping?: number;
}

/**
 * Monotone operator equilibrium network of circular convolutions, of one tier or several:
 *
 *   z* = σ(W z* + U x + b),  y = W_o pool(z*) + b_o,  W = (1 − m)I − AᵀA + B − Bᵀ
 *
 * so that I − W ⪰ mI and z* exists and is unique for every x and all kernels A, B. With several tiers
 * z is of all of them, each half the side of the one before, and W has the blocks of `tierWeights`.
 *
 * W and the resolvent are exact: in the real Fourier basis Q of the torus (`torus`) both are block
 * diagonal, R = Qᵀ R̂ Q with R̂ [F, 2M, 2M] inverted block by block once per weight update. The solve
 * is over states [P·M, N], P cells of M numbers, samples last.
 *
 * Parameters: A0, B0, … and C1, … [n, n, k, k], U [n, C·k²], b0, … [n], W_o, b_o; with sizes where
 * `parametrisation` is "normalised".
 *
 * Winston & Kolter (2020), "Monotone operator equilibrium networks", arXiv:2006.08591.
 */
export function monotoneConvDeq(options: MonotoneConvDeqOptions): Model {
  requireObject("monotoneConvDeq", "options", options, "{ image, channels, outputs }");
  refuseUnknown("monotoneConvDeq", options, knownOptions);
  const {
    image,
    channels,
    outputs,
    kernel = 3,
    injection = { kernel: 5, stride: 2 },
    border = 0,
    pool = 1,
    pooling = "max",
    m = 1,
    parametrisation = "plain",
    activation = "relu",
    alpha = 1,
    forward = {},
    backward = {},
  } = options;
  requireSizes("monotoneConvDeq", "image", image);
  requireThat("monotoneConvDeq", "image", image, image.length === 3, "[channels, height, width]");
  requireSizes("monotoneConvDeq", "channels", channels);
  requireObject("monotoneConvDeq", "injection", injection, "{ kernel, stride }");
  requireNumber("monotoneConvDeq", "alpha", alpha, { above: 0 });
  requireOneOf("monotoneConvDeq", "pooling", pooling, ["max", "mean"]);
  if (!(m > 0))
    throw new UsageError(`monotoneConvDeq: m = ${m}: the monotonicity must be positive`);
  requireParametrisation(parametrisation);
  requireInRange({ kernel, border, pool, outputs }, channels);
  const window = { image, ...injection };
  const layout = tierLayout(channels, injectedSide(window));
  const { torus, width } = layout;
  if (!Number.isInteger(torus.side / pool)) {
    throw new UsageError(
      `monotoneConvDeq: windows of ${pool} do not divide a side of ${torus.side}`,
    );
  }
  const features = (torus.side / pool) ** 2 * channels.reduce((sum, n) => sum + n, 0);
  const prox = proxOf(activation);
  const solvers = { forward: samplesLast(forward), backward: samplesLast(backward) };
  const names = kernelNames(channels.length);
  return {
    kind: "monotone-conv-deq",
    inputs: image[0] * image[1] * image[2],
    outputs,
    settings: {
      model: {
        ...{ kind: "monotone-conv-deq", image, channels, kernel, injection, border, pool, pooling },
        ...{ activation, m, alpha, parametrisation },
      },
      solver: { ...forward, method: "picard" },
    },
    initialise: (seed) => {
      const draw = (name: string, shape: readonly number[], fanIn: number) => [
        name,
        uniformFanIn(shape, fanIn, seed, name),
      ];
      const taps = image[0] * injection.kernel ** 2;
      return {
        ...Object.fromEntries([
          ...[...names.gram, ...names.skew].map((name) => {
            const shape = kernelShape(layout, name, kernel);
            return draw(name, shape, shape[1] * kernel * kernel);
          }),
          draw("U", [channels[0], taps], taps),
          ...channels.map((n, i) => draw(`b${i}`, [n], taps)),
          draw("W_o", [outputs, features], features),
          draw("b_o", [outputs], features),
        ]),
        ...initialSizes(parametrisation, names),
      };
    },
    explicit: ({ U, W_o, b_o, ...rest }) => {
      const blocks = tierWeights(rest, layout, m);
      const weights = blocks.diagonal.map((W, j) =>
        blocks.diagonal.map((_, i) => (i === j ? W : i === j - 1 ? blocks.lower[i] : null)),
      );
      const { basis, twiddle, pairs, split } = torus;
      const size = 2 * split * split;
      return {
        W: joinTiers(weights),
        R: joinTiers(reflectedTiers(blocks, alpha)),
        Q: tensor(typedArray(U.dtype, basis.data), [basis.rows, basis.cols]),
        ...(twiddle && {
          T: tensor(typedArray(U.dtype, twiddle), [(2 * pairs) / size, size, size]),
        }),
        U,
        ...Object.fromEntries(channels.map((_, i) => [`b${i}`, rest[`b${i}`]])),
        W_o,
        b_o,
      };
    },
    apply: ({ W, R, Q, T = null, U, W_o, b_o, ...biases }, x, health) => {
      const basis: Basis = { Q, T, width };
      const mask = border === 0 ? null : borderMask(layout, border, U);
      const method = blockPeacemanRachford(basis, R, { alpha, prox, mask });
      const c = injected(layout, inject(window, pixelsOf(layout, 0), U, x), biases);
      const [state] = fixedPoint(
        method.map(c),
        [mul(c, alpha)], // an iteration nearer than 0
        solvers,
        health,
      );
      const z = method.read(state);
      const again = prox(applyBlocks(basis, W, z, c), 1);
      const error = sub(mask === null ? again : mul(again, mask), z);
      health.equation.push(div(norm(error), maximum(norm(z), 1e-30)));
      const pooled = reshape(pooledTiers(layout, z, pool, pooling), [features, x.shape[0]]);
      return gemm(pooled, W_o, b_o, { transA: true, transB: true });
    },
  };
}

/** @throws UsageError  for another method: they all want samples first */
function samplesLast({ method = "picard", damping = 1, ...options }: PlainIteration): WholeSolver {
  if (method !== "picard")
    throw new UsageError(
      `monotoneConvDeq: solver "${method}", where only picard can be`,
      "leave the method out: the splitting contracts, so plain iteration converges",
    );
  const settings = solveOptions(options);
  return {
    solve: (f, z0) => iterate(picard(damping), f, z0, settings, undefined, "last"),
  };
}

function requireInRange(
  sizes: Readonly<Record<string, number>>,
  channels: readonly number[],
): void {
  for (const [name, size] of [
    ...Object.entries(sizes),
    ...channels.map((n) => ["channels", n] as const),
  ]) {
    if (!(Number.isInteger(size) && size >= (name === "border" ? 0 : 1)))
      throw new UsageError(`monotoneConvDeq: ${name} = ${size} is no whole number in range`);
  }
  if (sizes.kernel % 2 === 0)
    throw new UsageError(`monotoneConvDeq: a kernel of ${sizes.kernel}: an odd one is wanted`);
}

/** ‖·‖₂ of each column */
const norm = (columns: Value) => sqrt(reduceSum(square(columns), [0]));
