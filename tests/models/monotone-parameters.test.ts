import { describe, expect, test } from "vitest";
import { gradient } from "../../src/autodiff/gradient.ts";
import { mulberryMatrix } from "../../src/data/random.ts";
import { UsageError } from "../../src/errors.ts";
import { mul } from "../../src/graph/ops/elementwise.ts";
import { reduceSum } from "../../src/graph/ops/reduction.ts";
import { castTensor, type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import {
  add,
  identity,
  matrixOf,
  multiply,
  scale,
  subtract,
  symmetricPart,
  transpose,
} from "../../src/linalg/matrix.ts";
import { symmetricEigenvalues } from "../../src/linalg/symmetric.ts";
import { monotoneDeq } from "../../src/models/monotone-deq.ts";
import { compile } from "../../src/runtime/program.ts";
import { solverHealth } from "../../src/solvers/fixed-point.ts";

const n = 6;
const model = monotoneDeq({
  inputs: 3,
  width: n,
  outputs: 2,
  m: 0.4,
  parametrisation: "normalised",
  forward: { rtol: 1e-14, maxIterations: 3000 },
  backward: { rtol: 1e-14, maxIterations: 3000 },
});
/** The start, with sizes that are not those of the start. */
const parametersAt = (logSize: number, size: number): Record<string, Tensor> => ({
  ...Object.fromEntries(
    Object.entries(model.initialise(2)).map(([name, value]) => [
      name,
      castTensor(value, "float64"),
    ]),
  ),
  "A.logSize": tensorOf(Float64Array.of(logSize), [1]),
  "B.size": tensorOf(Float64Array.of(size), [1]),
});
const inputs = Object.fromEntries(
  Object.entries(parametersAt(0, 1)).map(([name, { shape }]) => [
    name,
    input(name, "float64", shape),
  ]),
);
const matrixNamed = (parameters: Record<string, Tensor>, name: string) =>
  matrixOf(n, n, Float64Array.from(parameters[name].data, Number));

describe("normalised parameters of a monotone network", () => {
  test("start with AᵀA/‖A‖² and B/‖B‖, beside the same A and B as the plain ones", () => {
    const plain = monotoneDeq({ inputs: 3, width: n, outputs: 2 }).initialise(2);
    const { "A.logSize": logSize, "B.size": size, ...rest } = model.initialise(2);
    expect(rest).toEqual(plain);
    expect([...logSize.data, ...size.data]).toEqual([0, 1]);
  });

  test.each([
    [0, 1],
    [1.5, -3],
    [-40, 0],
    [6, 50],
  ])("W is its formula, and monotone, at log g = %d, h = %d", async (logSize, size) => {
    const parameters = parametersAt(logSize, size);
    const { W } = model.explicit(inputs);
    const names = ["A", "B", "A.logSize", "B.size"];
    const pick = <T>(from: Record<string, T>) =>
      Object.fromEntries(names.map((name) => [name, from[name]]));
    const program = await compile(pick(inputs), { W });
    const found = matrixOf(n, n, (await program.run(pick(parameters))).W.data as Float64Array);
    await program.release();

    const [A, B] = [matrixNamed(parameters, "A"), matrixNamed(parameters, "B")];
    const gram = scale(multiply(transpose(A), A), Math.exp(logSize) / Math.hypot(...A.data) ** 2);
    const skew = scale(subtract(B, transpose(B)), size / Math.hypot(...B.data));
    const wanted = add(subtract(scale(identity(n), 0.6), gram), skew);
    expect(found.data).toBeAllClose(wanted.data, { rtol: 1e-12, atol: 1e-12 });
    const symmetric = symmetricPart(subtract(identity(n), found));
    expect(symmetricEigenvalues(symmetric)[0]).toBeGreaterThanOrEqual(0.4 - 1e-11);
  });

  test("the gradient is that of central differences, sizes included", async () => {
    const parameters = parametersAt(0.7, -1.4);
    const x = input("x", "float64", ["N", 3]);
    const health = solverHealth();
    const y = model.apply(model.explicit(inputs), x, health);
    const loss = reduceSum(mul(y, y));
    const bars = gradient(loss, inputs);
    const program = await compile(
      { ...inputs, x } as Record<string, typeof x>,
      {
        loss,
        ...Object.fromEntries(Object.entries(bars).map(([k, v]) => [`bar.${k}`, v])),
      } as Record<string, typeof x>,
    );
    const features = tensorOf(mulberryMatrix(4, 4, 3), [4, 3]);
    const found = await program.run({ ...parameters, x: features });
    for (const [name, { data, shape }] of Object.entries(parameters)) {
      const k = Math.floor(data.length / 2);
      const at = async (step: number) => {
        const moved = Float64Array.from(data, Number);
        moved[k] += step;
        const changed = { ...parameters, [name]: tensorOf(moved, shape), x: features };
        return Number((await program.run(changed)).loss.data[0]);
      };
      const difference = ((await at(1e-5)) - (await at(-1e-5))) / 2e-5;
      const bar = Number(found[`bar.${name}`].data[k]);
      expect([bar], name).toBeAllClose([difference], { rtol: 1e-6, atol: 1e-8 });
    }
    await program.release();
  });

  test("an unknown parametrisation is refused", () => {
    const make = () =>
      monotoneDeq({ inputs: 1, width: 1, outputs: 1, parametrisation: "polar" as never });
    expect(make).toThrow(UsageError);
    expect(make).toThrow('unknown parametrisation "polar"');
  });
});
