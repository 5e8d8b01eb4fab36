import { ShapeError } from "../../errors.ts";
import { type Matrix, requireFinite } from "../../linalg/matrix.ts";

/**
 * The columns j(i), all different, of least Σ_i cost(i, j(i)): one for every row of a matrix with at
 * least as many columns as rows. By shortest augmenting paths with dual prices, O(rows² cols).
 *
 * Jonker & Volgenant (1987), "A shortest augmenting path algorithm for dense and sparse linear
 * assignment problems", Computing 38, 325–340.
 *
 * @throws ShapeError  for more rows than columns
 * @throws DataError  for a cost that is not finite
 */
export function assignment(cost: Matrix): Int32Array {
  const { rows, cols, data } = cost;
  if (rows > cols)
    throw new ShapeError(`${rows} rows cannot all have a column of their own among ${cols}`);
  requireFinite(cost);
  const [rowPrice, colPrice] = [new Float64Array(rows), new Float64Array(cols)];
  const owner = new Int32Array(cols).fill(-1);
  for (let start = 0; start < rows; start++) {
    // Dijkstra over columns, by reduced costs, from the new row to the nearest column that is free.
    const distance = new Float64Array(cols).fill(Infinity);
    const before = new Int32Array(cols).fill(-1);
    const done = new Uint8Array(cols);
    let [row, column, reached] = [start, -1, 0];
    while (row >= 0) {
      let next = -1;
      for (let j = 0; j < cols; j++) {
        if (done[j] === 1) continue;
        const through = reached + data[row * cols + j] - rowPrice[row] - colPrice[j];
        if (through < distance[j]) {
          distance[j] = through;
          before[j] = column;
        }
        if (next < 0 || distance[j] < distance[next]) next = j;
      }
      column = next;
      reached = distance[next];
      done[next] = 1;
      row = owner[next];
    }
    rowPrice[start] += reached;
    for (let j = 0; j < cols; j++) {
      if (done[j] === 0 || j === column) continue;
      rowPrice[owner[j]] += reached - distance[j];
      colPrice[j] -= reached - distance[j];
    }
    // Every row on the path moves to the next column of it.
    for (let j = column; j >= 0; j = before[j]) owner[j] = before[j] < 0 ? start : owner[before[j]];
  }
  const chosen = new Int32Array(rows);
  owner.forEach((i, j) => {
    if (i >= 0) chosen[i] = j;
  });
  return chosen;
}
