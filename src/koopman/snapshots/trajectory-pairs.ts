import { UsageError } from "../../errors.ts";
import { columns } from "../../linalg/blocks.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { tallQr } from "../../linalg/tall-qr.ts";

/**
 * X and Y of a trajectory of fewer modes than pairs, in the coordinates of its QR factor where there are
 * more rows than snapshots; `lift` leads back.
 *
 * @throws UsageError  for as many modes as pairs
 */
export function trajectoryPairs(snapshots: Matrix, modes: number) {
  const { rows: n, cols: M } = snapshots;
  if (!(modes < M - 1))
    throw new UsageError(`${modes} modes of ${M - 1} pairs`, "fewer modes than pairs are wanted");
  const short = n > M ? tallQr(snapshots) : null;
  const F = short?.R ?? snapshots;
  const lift = (A: Matrix): Matrix => (short === null ? A : product(short.Q, A));
  return { F, X: columns(F, 0, M - 1), Y: columns(F, 1, M), lift };
}
