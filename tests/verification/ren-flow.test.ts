import { expect, test } from "vitest";
import { CertificateError, DataError } from "../../src/errors.ts";
import { type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { matrix, multiply, transpose } from "../../src/linalg/matrix.ts";
import { symmetricEigenvalues } from "../../src/linalg/symmetric.ts";
import { continuousRen } from "../../src/models/ren/flow.ts";
import { certifyFlow, parseFlowCertificate, recheckFlow } from "../../src/verification/ren-flow.ts";
import { evaluate } from "../autodiff/differences.ts";

const decay = 0.8;
const epsilon = 0.01;
const model = continuousRen({
  inputs: 1,
  outputs: 2,
  states: 4,
  neurons: 5,
  decay,
  epsilon,
  dt: 0.1,
});

/** The float32 matrices that would be stored, their metric, and X, which H is made of. */
async function stored(seed: number) {
  const feeds = model.initialise(seed);
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
  );
  const named = Object.entries(model.explicit(inputs)).map(([k, v]) => [`stored.${k}`, v]);
  const found = await evaluate(
    inputs,
    { ...Object.fromEntries(named), ...model.metric(inputs) },
    feeds,
  );
  const tensors: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(found)) {
    if (name.startsWith("stored.")) tensors[name.slice("stored.".length)] = tensor;
  }
  return { tensors, metric: { P: found.P, Lambda: found.Lambda }, X: feeds.X };
}

test("random networks are proven, and λmin is that of H up to the cast to float32", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const { tensors, metric, X } = await stored(seed);
    expect(tensors.A.dtype).toBe("float32");
    const certificate = certifyFlow(tensors, metric, decay);
    const x = matrix(9, 9, (i, j) => Number(X.data[i * 9 + j]));
    const least = symmetricEigenvalues(multiply(x, transpose(x)))[0] + epsilon;
    expect(Math.abs(certificate.measured - least)).toBeLessThan(1e-5);
    expect(certificate.roundingMargin).toBeLessThan(1e-10);
    expect(recheckFlow(certificate, tensors)).toMatchObject({ holds: true });
    expect(parseFlowCertificate(JSON.parse(JSON.stringify(certificate)))).toEqual(certificate);
  }
});

test("a rate that the network does not have is not proven", async () => {
  const { tensors, metric } = await stored(3);
  expect(() => certifyFlow(tensors, metric, 50)).toThrow(CertificateError);
});

test("a changed weight that breaks the proof is caught", async () => {
  const { tensors, metric } = await stored(5);
  const certificate = certifyFlow(tensors, metric, decay);
  const changed = (name: string, at: number, by: number) => {
    const { data, shape } = tensors[name];
    const next = Float32Array.from(data, Number);
    next[at] += by;
    return { ...tensors, [name]: tensorOf(next, shape) };
  };
  expect(recheckFlow(certificate, changed("A", 0, 30)).holds).toBe(false);
  expect(recheckFlow(certificate, changed("D11", 1, 1e-3)).holds).toBe(false); // no longer acyclic
  expect(recheckFlow(certificate, changed("C2", 0, 30)).holds).toBe(true); // outputs do not matter
  const less = { ...certificate, overshoot: certificate.overshoot * 0.9 };
  expect(recheckFlow(less, tensors).holds).toBe(false);
});

test.each([
  [{ decay: -1 }, "decay"],
  [{ P: [["a"]] }, "P.0.0"],
  [{ more: 1 }, "certificate"],
])("refuses a file with %o", async (wrong, message) => {
  const { tensors, metric } = await stored(1);
  const read = { ...certifyFlow(tensors, metric, decay), ...wrong };
  expect(() => parseFlowCertificate(read)).toThrow(DataError);
  expect(() => parseFlowCertificate(read)).toThrow(message);
});
