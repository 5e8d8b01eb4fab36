import { ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { loop, scan, type Values } from "../graph/ops/control.ts";
import { add, exp, mul, sub } from "../graph/ops/elementwise.ts";
import { gemm, matmul } from "../graph/ops/linear.ts";
import { constant, input, tensor } from "../graph/value.ts";
import { type Matrix, matrixOf, scale, transpose } from "../linalg/matrix.ts";
import { encode } from "../onnx/encode.ts";
import type { Eigenfunction } from "./eigenfunctions.ts";
import { centreOf } from "./network.ts";
import type { Reduction } from "./reduction.ts";

const columns = ({ rows, cols, data }: Matrix, name: string) => tensor(data, [rows, cols], name);
const row = (data: Float64Array, name: string) => tensor(data, [1, data.length], name);

/** A graph: what it is fed, what it gives. */
export interface Graph {
  readonly inputs: Values;
  readonly outputs: Values;
}

/**
 * φ(x) of states x [T, N] as a graph in float64: phi [T, k] = x Uᵀ − offsets.
 *
 * @throws ShapeError  for no eigenfunction
 */
export function eigenfunctionGraph(functions: readonly Eigenfunction[]): Graph {
  const [first] = functions;
  if (first === undefined) throw new ShapeError("no eigenfunction to make a graph of");
  const N = first.u.length;
  const U = matrixOf(functions.length, N, Float64Array.from(functions.flatMap(({ u }) => [...u])));
  const offsets = Float64Array.from(functions, ({ offset }) => offset);
  const x = input("x", "float64", ["T", N]);
  return {
    inputs: { x },
    outputs: { phi: sub(matmul(x, columns(transpose(U), "U")), row(offsets, "offsets")) },
  };
}

/**
 * The reduced network as a graph in float64 that runs by itself. Inputs: `x0` [S, N], the states of the
 * whole network to start from (h of a cell); of continuous time `dt`, the step of Runge–Kutta of
 * order 4; and `steps`, or, of a network with input, `s` [steps, S, m], held during each step. Outputs:
 * `y` [steps, S, r] after each step, and `v` [S, N] at the end: the state x of the pre-activation
 * form, W h + b of a cell at input 0. With an input of the pre-activation form the part of x
 * outside the range of [W B] still decays by itself, so that nothing is lost.
 */
export function reducedGraph(reduction: Reduction): Graph {
  const { network, P, C, G, rate } = reduction;
  const { form, time, B, activation, W } = network;
  const N = W.rows;
  const isCell = form === "cell";
  const centre = row(isCell ? network.theta : centreOf(network), "centre");
  // The leak is in the constants: ONNX Runtime fuses a factor behind a product into an attribute of
  // float32, and 0.3 would be off by 4e-8.
  const leak = time.kind === "discrete" ? time.leak : 1;
  const [lifting, pushing] = [columns(transpose(P), "P"), columns(transpose(scale(C, leak)), "C")];
  const inner = isCell && B !== null ? columns(transpose(B), "B") : null;
  const outer = G === null ? null : columns(transpose(scale(G, leak)), "G");

  const x0 = input("x0", "float64", ["S", N]);
  const dt = input("dt", "float64", []);
  const from = isCell ? x0 : sub(x0, centre);
  // Cᵀ reads y of a cell, Pᵀ of the pre-activation form.
  const y0 = isCell
    ? matmul(from, columns(transpose(C), "reading"))
    : matmul(from, columns(P, "basis"));
  const w = isCell ? null : sub(from, matmul(y0, lifting));
  const stateOf = (y: Value, share: Value): Value => {
    const inside = gemm(y, lifting, centre);
    return w === null ? inside : add(inside, mul(w, share));
  };
  const pushOf = (y: Value, share: Value, s: Value | null): Value => {
    const v = stateOf(y, share);
    const reached = inner === null || s === null ? v : add(v, matmul(s, inner));
    const pushed = matmul(activation.graph(reached), pushing);
    return outer === null || s === null ? pushed : add(pushed, matmul(s, outer));
  };
  const one = constant(1, "float64");
  const step = ({ y, share }: { y: Value; share: Value }, s: Value | null) => {
    if (time.kind === "discrete") {
      const pushed = pushOf(y, share, s);
      return {
        y: leak === 1 ? pushed : add(mul(y, 1 - leak), pushed),
        share: mul(share, 1 - leak),
      };
    }
    const slope = (at: Value, left: Value) => sub(pushOf(at, left, s), mul(at, rate));
    const half = mul(share, exp(mul(dt, -rate / 2)));
    const full = mul(share, exp(mul(dt, -rate)));
    const k1 = slope(y, share);
    const k2 = slope(add(y, mul(k1, mul(dt, 0.5))), half);
    const k3 = slope(add(y, mul(k2, mul(dt, 0.5))), half);
    const k4 = slope(add(y, mul(k3, dt)), full);
    const sum = add(add(k1, k4), mul(add(k2, k3), 2));
    return { y: add(y, mul(sum, mul(dt, 1 / 6))), share: full };
  };
  const start = { y: y0, share: one };
  const clock: Values = time.kind === "discrete" ? {} : { dt };
  if (B === null) {
    const steps = input("steps", "int64", []);
    const { state, outputs } = loop({ times: steps }, start, (before) => {
      const after = step(before, null);
      return { state: after, outputs: { y: after.y } };
    });
    return {
      inputs: { x0, ...clock, steps },
      outputs: { y: outputs.y, v: stateOf(state.y, state.share) },
    };
  }
  const s = input("s", "float64", ["steps", "S", B.cols]);
  const { state, outputs } = scan(start, { s }, (before, at) => {
    const after = step(before, at.s);
    return { state: after, outputs: { y: after.y } };
  });
  return {
    inputs: { x0, ...clock, s },
    outputs: { y: outputs.y, v: stateOf(state.y, state.share) },
  };
}

/** The graph as an ONNX file, with what it is about in its metadata. */
export const encodeGraph = (
  graph: Graph,
  doc: string,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array => encode({ ...graph, doc, metadata });
