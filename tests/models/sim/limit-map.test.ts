import { expect, test } from "vitest";
import { ShapeError } from "../../../src/errors.ts";
import {
  frobeniusNorm,
  fromRows,
  matrix,
  multiply,
  subtract,
  transpose,
} from "../../../src/linalg/matrix.ts";
import { limitMap } from "../../../src/models/sim/limit-map.ts";
import { noise } from "../../autodiff/differences.ts";

const [states, features, count] = [3, 5, 60];
const A = fromRows([
  [0.5, -0.6, 0],
  [0.6, 0.5, 0.1],
  [0, 0, 0.3],
]);
const B = fromRows(Array.from({ length: states }, (_, i) => noise(features, i + 1)));
const phi = fromRows(Array.from({ length: count }, (_, i) => noise(features, i + 10)));
const before = fromRows(Array.from({ length: count }, (_, i) => noise(states, i + 100)));
const after = matrix(count, states, (i, j) =>
  Array.from({ length: states }, (_, k) => A.data[j * states + k] * before.data[i * states + k])
    .concat(
      Array.from(
        { length: features },
        (_, k) => B.data[j * features + k] * phi.data[i * features + k],
      ),
    )
    .reduce((a, b) => a + b),
);
const observed = { before, after, states, fixed: phi };
/** The limit by iterating. */
let limit = matrix(count, states, () => 0);
for (let step = 0; step < 200; step++)
  limit = matrix(count, states, (i, j) => {
    let sum = 0;
    for (let k = 0; k < states; k++) sum += A.data[j * states + k] * limit.data[i * states + k];
    for (let k = 0; k < features; k++) sum += B.data[j * features + k] * phi.data[i * features + k];
    return sum;
  });
const error = (rank: number) => {
  const { V, readout } = limitMap(observed, rank);
  const found = multiply(phi, transpose(multiply(readout, V)));
  return frobeniusNorm(subtract(found, limit)) / frobeniusNorm(limit);
};

test("of a linear iteration is where iterating ends, and its V, U are a projector", () => {
  const { V, U, radius, misfit } = limitMap(observed, states);
  expect(radius).toBeCloseTo(Math.hypot(0.5, 0.6), 5);
  expect(misfit).toBeLessThan(1e-5);
  expect(error(states)).toBeLessThan(1e-4);
  expect(multiply(V, U).data).toBeAllClose([1, 0, 0, 0, 1, 0, 0, 0, 1], { atol: 1e-12 });
});

test("loses more, the lower its rank", () => {
  expect(error(1)).toBeGreaterThan(error(2));
  expect(error(2)).toBeGreaterThan(10 * error(3));
});

test("is stable where the steps are not", () => {
  const growing = matrix(
    count,
    states,
    (i, j) => 1.05 * before.data[i * states + j] + after.data[i * states + j] * 0.01,
  );
  expect(limitMap({ ...observed, after: growing }, 2).radius).toBeLessThan(1);
});

test("refuses shapes that do not go together", () => {
  expect(() => limitMap({ ...observed, states: 4 }, 1)).toThrow(ShapeError);
  expect(() => limitMap(observed, 4)).toThrow("rank 4 of 3 states");
});
