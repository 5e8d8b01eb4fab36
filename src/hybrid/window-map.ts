import { type Matrix, transpose } from "../linalg/matrix.ts";
import { product } from "../linalg/provider.ts";
import { type RegressionOptions, regress } from "./regression.ts";
import { requireDelays, type Trajectories, windowsAt } from "./trajectories.ts";

/** What stands for the layer: ŷ = E [s_h; …; s_0] + c, one affine map of the first h + 1 snapshots. */
export interface WindowMap {
  readonly delays: number; // h
  readonly width: number;
  readonly weights: Matrix; // E [outputs × (h + 1) width]
  readonly constant: Float64Array; // c [outputs]
}

/** ŷ of every sample [samples × outputs]. */
export function predicted(
  { delays, width, weights, constant }: WindowMap,
  { snapshots, samples }: Trajectories,
): Matrix {
  const outputs = weights.rows;
  const data = new Float64Array(samples * outputs);
  for (let k = 0; k < data.length; k++) data[k] = constant[k % outputs];
  // Block by block, so that no window is ever laid out.
  for (let d = 0; d <= delays; d++) {
    const block = new Float64Array(outputs * width);
    for (let i = 0; i < outputs; i++) {
      const from = i * weights.cols + d * width;
      block.set(weights.data.subarray(from, from + width), i * width);
    }
    const part = product(
      snapshots[delays - d],
      transpose({ rows: outputs, cols: width, data: block }),
    );
    for (let k = 0; k < data.length; k++) data[k] += part.data[k];
  }
  return { rows: samples, cols: outputs, data };
}

/**
 * The layer's output regressed on the window at h directly, the one pair of each trajectory that inference
 * needs: fitted again for every h, so that nothing is iterated.
 *
 * @param target  the layer's own output [samples × outputs]; the end of the trajectories unless given
 * @throws UsageError  for h outside 0 … N − 2
 */
export function terminalMap(
  trajectories: Trajectories,
  delays: number,
  { target, ...options }: RegressionOptions & { readonly target?: Matrix } = {},
): WindowMap {
  const { snapshots, width } = trajectories;
  requireDelays(snapshots.length, delays);
  const { weights, constant } = regress(
    windowsAt(trajectories, delays, delays),
    target ?? endOf(trajectories),
    options,
  );
  return { delays, width, weights, constant };
}

/** The last snapshot without its padding. */
function endOf({ snapshots, samples, width, outputs }: Trajectories): Matrix {
  const last = snapshots[snapshots.length - 1].data;
  const data = new Float64Array(samples * outputs);
  for (let i = 0; i < samples; i++)
    data.set(last.subarray(i * width, i * width + outputs), i * outputs);
  return { rows: samples, cols: outputs, data };
}
