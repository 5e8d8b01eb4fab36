import { describe, expect, test } from "vitest";
import { tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { compile } from "../../src/runtime/program.ts";
import { flatten, layoutOf } from "../../src/training/flat.ts";
import { groupsOf } from "../../src/training/groups.ts";

const count = (from: number, n: number) => Float32Array.from({ length: n }, (_, i) => from + i);
const parameters = {
  a: tensorOf(count(0, 6), [2, 3]),
  big: tensorOf(count(10, 20), [4, 5]),
  b: tensorOf(count(50, 2), [2]),
};
const layout = layoutOf(parameters);

describe.each([
  [0, ["a", "big", "b"]],
  [7, ["big", "(small)"]],
  [100, ["(small)"]],
])("parameters of fewer than %i numbers together", (limit, names) => {
  const groups = groupsOf(layout, limit);
  const vector = input("vector", "float32", [layout.size]);
  const parts = groups.open(vector);

  test("are in the groups", () => expect(Object.keys(parts)).toEqual(names));

  test("come back by name, and as the same vector", async () => {
    const found = groups.parameters(parts);
    const program = await compile({ vector }, { ...found, closed: groups.close(parts) });
    const theta = flatten(layout, parameters);
    const { closed, ...rest } = await program.run({ vector: tensorOf(theta, [layout.size]) });
    await program.release();
    expect(closed.data).toEqual(theta);
    for (const [name, { shape, data }] of Object.entries(parameters)) {
      expect((rest as Record<string, unknown>)[name]).toMatchObject({ shape, data });
    }
  });
});
