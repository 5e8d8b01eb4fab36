import type { Tensor } from "../graph/tensor.ts";
import { type Bounded, gamma, spectralNormBound, unitRoundoff } from "../linalg/bounds.ts";
import { frobeniusNorm, type Matrix } from "../linalg/matrix.ts";
import { tapTable, torus } from "../models/torus.ts";
import { type Convolution, inequalities } from "./certificate.ts";
import { atLeast, atMost, float32Step, stepOf } from "./findings.ts";
import { monotonicity, reflectedRate, resolventResidual } from "./measures.ts";
import type { Subject } from "./subject.ts";
import { type TorusWeights, torusWeightsOf } from "./torus-weights.ts";

/**
 * The claims about a network of circular convolutions, block by block. With Q = Q₀H, Q₀ orthogonal and
 * ‖H² − I‖₂ ≤ ε the defect of the stored basis, W = QᵀŴQ is HŴ′H in the basis Q₀, so that each number
 * is that of the blocks up to a term in ε:
 *
 *   λmin(I − sym W) ≥ m̂ − |1 − m̂| ε,  ‖R‖ ≤ (1 + ε) ‖R̂‖,  ‖W − Ŵ′‖ ≤ (2ε + ε²) ‖Ŵ‖, and so for R
 */
export function torusSubject(
  tensors: Readonly<Record<string, Tensor>>,
  alpha: number,
  convolution: Convolution,
): Subject {
  const weights = torusWeightsOf(tensors, convolution);
  const { W, R, defect } = weights;
  const basis = "T" in tensors ? ["Q", "T"] : ["Q"];
  const step = 2 * Math.max(...W.map(stepOf));
  const m = monotonicityOf(weights);
  const rate = rateOf(weights);
  const relation = relationOf(weights, alpha);
  // One entry of the basis, at most 1, moves ε by less than four steps.
  const basisStep = 4 * float32Step;
  return {
    unique: {
      inequality: inequalities.monotone,
      tensors: ["W", ...basis],
      ...atLeast(m),
      room: step + Math.abs(1 - m.value) * basisStep,
    },
    relation: {
      inequality: inequalities.resolvent,
      tensors: ["W", "R", ...basis],
      ...atMost(relation.distance),
      room:
        step + relation.sensitivity * 2 * Math.max(...R.map(stepOf)) + relation.turn * basisStep,
      residual: relation.residual,
      tolerance: relation.tolerance,
      alpha,
    },
    contraction: {
      inequality: inequalities.reflected,
      tensors: ["R", ...basis],
      ...atMost(rate),
      room: 2 * Math.max(...R.map(stepOf)) + rate.value * basisStep,
    },
    lipschitz: ({ measured, proven: lowest }) => {
      const gain = gainOf(weights, convolution);
      const over = (number: number, m: number) => (m > 0 ? number / m : Infinity);
      const ratio = over(gain.value, measured);
      const proven = over((gain.value + gain.margin) * (1 + 2 ** -50), lowest);
      const scale = weights.inputScale ? ["input.scale"] : [];
      return {
        inequality: inequalities.lipschitzOfPooled,
        tensors: ["W", "R", ...basis, "U", "W_o", ...scale],
        measured: ratio,
        roundingMargin: proven === Infinity ? 0 : proven - ratio,
        proven,
        room: 2 * float32Step * proven,
      };
    },
  };

  function monotonicityOf({ W }: TorusWeights): Bounded {
    const each = W.map(monotonicity);
    const value = Math.min(...each.map((block) => block.value));
    const lowest = Math.min(...each.map((block) => block.value - block.margin));
    const proven = lowest - Math.abs(1 - lowest) * defect * (1 + 8 * unitRoundoff);
    return { value, margin: (value - proven) * (1 + 8 * unitRoundoff) };
  }

  function rateOf({ R }: TorusWeights): Bounded {
    const { value, margin } = largest(R.map(reflectedRate));
    const bound = (value + margin) * (1 + defect) * (1 + 8 * unitRoundoff);
    return { value, margin: bound - value };
  }
}

/** δ = ‖W_R − W‖₂ of `resolventRelation`, with E and M as the blocks have them up to terms in ε. */
function relationOf({ W, R, defect }: TorusWeights, alpha: number) {
  const each = W.map((block, f) => resolventResidual(block, R[f], alpha));
  const E = largest(each.map((block) => block.E));
  const EM = largest(each.map((block) => block.EM));
  const upper = ({ value, margin }: Bounded) => value + margin;
  const spread = 2 * defect + defect * defect;
  const [normW, normR] = [W, R].map((blocks) =>
    upper(largest(blocks.map((D) => spectralNormBound(D)))),
  );
  const [moveW, moveR] = [alpha * spread * normW, (spread * normR) / 2];
  const [M, V] = [1 + alpha + alpha * normW, (1 + normR) / 2];
  const moveE = M * moveR + moveW * (V + moveR);
  const normE = upper(E) + moveE;
  const bound = upper(EM) + upper(E) * moveW + moveE * (M + moveW);
  const worst = each.reduce((a, b) =>
    a.residual / a.tolerance > b.residual / b.tolerance ? a : b,
  );
  const value = EM.value / (alpha * (1 - E.value));
  const proven = (bound / (alpha * (1 - normE))) * (1 + 64 * unitRoundoff);
  const sensitivity = Math.max(...each.map((block) => block.sensitivity));
  const { residual, tolerance } = worst;
  const distance = normE < 1 ? { value, margin: proven - value } : { value: Infinity, margin: 0 };
  // A change of the basis moves W by ‖W‖ and R by ‖R‖ < 1 times as much, and W_R by ‖M‖²/2α of that.
  const turn = normW + (M * M) / alpha;
  return { distance, residual, tolerance, sensitivity, turn };
}

/** ‖W_o‖₂ ‖pool‖ ‖U‖₂ ‖D‖₂: the gain around the equilibrium, D = diag(1/scale). */
function gainOf({ U, W_o, inputScale }: TorusWeights, convolution: Convolution): Bounded {
  const { pool, pooling } = convolution;
  // Windows do not overlap. A largest entry moves no further than its window; a mean of w² numbers
  // has the norm 1/w.
  const pooled = pooling === "max" ? 1 : 1 / pool;
  const scaled =
    inputScale === null ? 1 : inputScale.reduce((most, s) => Math.max(most, 1 / Math.abs(s)), 0);
  const enter = convolutionNorm(U, convolution);
  const leave = spectralNormBound(W_o);
  const factor = pooled * scaled;
  const value = enter.value * leave.value * factor;
  const bound = (enter.value + enter.margin) * (leave.value + leave.margin) * factor;
  return { value, margin: (bound - value) * (1 + 8 * unitRoundoff) + 16 * unitRoundoff * bound };
}

/**
 * ‖U‖₂ ≤ value + margin for a strided convolution with zeros around the image: it is part of the same
 * convolution around a torus too large for anything to reach around, whose norm is the largest of its
 * blocks'.
 */
export function convolutionNorm(U: Matrix, { planes, side, kernel, stride }: Convolution): Bounded {
  const grid = torus(Math.ceil((side + 2 * kernel + stride) / stride));
  const [n, taps, phases] = [U.rows, kernel * kernel, stride * stride];
  const table = tapTable(grid, { from: stride, to: 1 }, kernel);
  const width = phases * planes;
  const blocks = Array.from({ length: grid.pairs }, (_, f) => {
    const data = new Float64Array(4 * n * width);
    for (let i = 0; i < 2; i++)
      for (let o = 0; o < n; o++)
        for (let j = 0; j < 2; j++)
          for (let phase = 0; phase < phases; phase++)
            for (let c = 0; c < planes; c++) {
              const from = (((2 * f + i) * 2 + j) * phases + phase) * taps;
              let sum = 0;
              for (let tap = 0; tap < taps; tap++)
                sum += table[from + tap] * U.data[o * U.cols + c * taps + tap];
              data[(i * n + o) * 2 * width + (j * phases + phase) * planes + c] = sum;
            }
    return { rows: 2 * n, cols: 2 * width, data };
  });
  // A cosine is off by a few roundings of its argument, which is at most 2π.
  const rounding = 4 * (gamma(taps + 4) + 64 * unitRoundoff) * Math.sqrt(taps) * frobeniusNorm(U);
  return largest(blocks.map((block) => spectralNormBound(block, rounding)));
}

/** The largest of numbers that are each below value + margin. */
function largest(each: readonly Bounded[]): Bounded {
  const value = Math.max(...each.map((one) => one.value));
  const bound = Math.max(...each.map((one) => one.value + one.margin));
  return { value, margin: bound - value };
}
