import { columnNorms } from "../../linalg/blocks.ts";
import {
  type ComplexMatrix,
  type ComplexNumbers,
  complexNumbers,
  complexZeros,
} from "../../linalg/complex.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { packed } from "./amplitudes.ts";

/** Modes of the state, and what it took to bring them to their form. */
export interface Modes {
  readonly modes: ComplexMatrix; // [n × ℓ], unit columns
  readonly vectors: ComplexMatrix; // [k × ℓ], turned by the same phases
  readonly lengths: Float64Array; // [ℓ], of the modes before they were brought to 1
}

/**
 * Modes of the state from vectors in coordinates: of length 1, the entry of largest modulus real and
 * positive; the vectors turned by the same phases.
 */
export function modesOf(observe: Matrix, values: ComplexNumbers, inside: ComplexMatrix): Modes {
  // One after the other in memory stand the real and the imaginary part of the first of a pair.
  const small = packed({ values, vectors: inside });
  const parts = product(observe, small);
  const lengths = lengthsOf(parts, values);
  const phases = phasesOf(parts, values);
  const whole = new Float64Array(parts.cols).fill(1);
  return {
    modes: turned(parts, values, phases, lengths),
    vectors: turned(small, values, phases, whole),
    lengths,
  };
}

function lengthsOf(parts: Matrix, { im }: ComplexNumbers): Float64Array {
  const norms = columnNorms(parts);
  for (let j = 0; j < im.length; j++) {
    if (im[j] === 0) continue;
    norms[j] = norms[j + 1] = Math.hypot(norms[j], norms[j + 1]);
    j++;
  }
  return norms;
}

/** z/|z| of the largest entry of each column, 1 for a column of zeros. */
function phasesOf({ data, cols }: Matrix, { im }: ComplexNumbers): ComplexNumbers {
  const most = new Float64Array(cols);
  const at = Int32Array.from({ length: cols }, (_, j) => j);
  for (let k = 0; k < data.length; k += cols) {
    for (let j = 0; j < cols; j++) {
      const x = data[k + j];
      const y = im[j] === 0 ? 0 : data[k + j + 1];
      const square = x * x + y * y;
      if (square > most[j]) {
        most[j] = square;
        at[j] = k + j;
      }
      if (im[j] !== 0) j++;
    }
  }
  const phases = complexNumbers(cols);
  for (let j = 0; j < cols; j++) {
    const paired = im[j] !== 0;
    const [x, y] = [data[at[j]], paired ? data[at[j] + 1] : 0];
    const size = Math.hypot(x, y);
    phases.re[j] = size === 0 ? 1 : x / size;
    phases.im[j] = size === 0 ? 0 : y / size;
    if (paired) j++;
  }
  return phases;
}

/** Columns times conj(phase)/length, with the conjugate beside the first of each pair. */
function turned(
  { rows, cols, data }: Matrix,
  { im: sign }: ComplexNumbers,
  phases: ComplexNumbers,
  lengths: Float64Array,
): ComplexMatrix {
  const out = complexZeros(rows, cols);
  const [re, im] = [out.re.data, out.im.data];
  const cos = phases.re.map((c, j) => c / (lengths[j] || 1));
  const sin = phases.im.map((s, j) => s / (lengths[j] || 1));
  for (let k = 0; k < data.length; k += cols) {
    for (let j = 0; j < cols; j++) {
      const x = data[k + j];
      if (sign[j] === 0) {
        re[k + j] = x * cos[j];
        continue;
      }
      const y = data[k + j + 1];
      re[k + j] = re[k + j + 1] = x * cos[j] + y * sin[j];
      im[k + j] = y * cos[j] - x * sin[j];
      im[k + j + 1] = -im[k + j];
      j++;
    }
  }
  return out;
}
