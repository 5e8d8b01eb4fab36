import { describe, expect, test } from "vitest";
import { ConfigError } from "../../src/config/errors.ts";
import { experimentOf } from "../../src/config/experiment.ts";
import { parseConfig } from "../../src/config/load.ts";
import { constantOf } from "../../src/graph/tensor.ts";
import { input, topologicalOrder } from "../../src/graph/value.ts";
import { solverHealth } from "../../src/solvers/fixed-point.ts";
import { solverNames, solverTable } from "../../src/solvers/registry.ts";

const file = (solver: string, kind = "monotone-deq, width: 4") => `version: 1
data: { kind: two-moons, count: 40 }
model: { kind: ${kind} }
solver:
${solver}`;

/** The errors of a configuration, each with its place, as they are printed. */
function refusal(text: string): string {
  try {
    parseConfig(text, "c.yaml");
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems
      .map(({ message, place, remark }) => {
        const at = place.kind === "file" ? `${place.line}:${place.column}` : place.flag;
        return `${at} ${message} ${remark ?? ""}`;
      })
      .join("\n");
  }
  return "";
}

describe("the solver section", () => {
  test("takes every method of the registry with its own options", async () => {
    for (const [purpose, section] of [
      ["fixed-point", "forward"],
      ["linear", "backward"],
    ] as const) {
      for (const method of solverNames(purpose)) {
        const options = Object.entries(solverTable[method].options).map(
          ([name, option]) => `, ${name}: ${option.default}`,
        );
        const text = file(`  ${section}: { method: ${method}${options.join("")}, rtol: 1.0e-5 }`);
        const { config } = parseConfig(text, "c.yaml");
        expect(config.solver?.[section]).toMatchObject({ method, rtol: 1e-5, maxIterations: 100 });
        await expect(experimentOf(config)).resolves.toBeDefined();
      }
    }
  });

  test.each(["monotone-deq", "deq, damping: 0.8"])("is built into a model: %s", async (kind) => {
    const text = file(
      "  forward: { method: newton }\n  backward: { method: gmres, window: 7 }",
      kind,
    );
    const { model } = await experimentOf(parseConfig(text, "c.yaml").config);
    const health = solverHealth();
    const parameters = Object.fromEntries(
      Object.entries(model.initialise(1)).map(([name, tensor]) => [name, constantOf(tensor)]),
    );
    const x = input("x", "float32", ["N", 2]);
    const y = model.apply(model.explicit(parameters), x, health);
    // Newton's method is what has an inverse in the loop.
    const inverses = topologicalOrder([y])
      .flatMap(({ bodies }) => bodies.flatMap(({ results }) => topologicalOrder(results)))
      .filter(({ op }) => op === "Inverse");
    expect(inverses.length).toBeGreaterThan(0);
  });

  test("left out, is plain iteration as ever", () => {
    const { config } = parseConfig(file("  forward: {}"), "c.yaml");
    const usual = { rtol: 1e-4, atol: 1e-9, maxIterations: 100, testEvery: 1, divergence: 1e6 };
    const plain = { method: "picard", ...usual };
    expect(config.solver).toEqual({ forward: plain, backward: plain });
  });

  test("of a deep equilibrium model is auto, or plain with its damping, and says so", () => {
    const solverOf = (kind: string, section = "  forward: {}") =>
      parseConfig(file(section, kind), "c.yaml").config.solver;
    expect(solverOf("deq")).toMatchObject({ forward: { method: "auto" } });
    expect(solverOf("deq", "  forward: { contraction: 0.9 }")).toMatchObject({
      forward: { method: "auto", contraction: 0.9 },
    });
    expect(solverOf("deq, damping: 0.5")).toMatchObject({
      backward: { method: "picard", damping: 0.5 },
    });
    expect(refusal(file("  forward: { damping: 0.5 }", "deq"))).toContain(
      "auto has no such option; its own: contraction, small",
    );
  });

  test.each([
    [
      "  forward: { method: gmres }",
      ['solver.forward.method is "gmres", wanted one of picard, anderson', "5:22"],
    ],
    ["  forward: { method: andersen }", ['did you mean "anderson"?']],
    [
      "  forward: { windw: 5 }",
      ['unknown key "windw" in solver.forward', 'did you mean "window"?', "5:14"],
    ],
    [
      "  backward:\n    method: gmres\n    damping: 0.5",
      ["solver.backward.damping: gmres has no such option; its own: window", "7:5"],
    ],
    [
      "  forward: { damping: 2 }",
      ["solver.forward.damping is 2, wanted a number > 0 and <= 1", "5:23"],
    ],
    ["  backward: { method: anderson, window: 1 }", ["1 is out of the range of anderson", "5:33"]],
    [
      "  backward: { method: phantom, steps: 2.5 }",
      ["solver.backward.steps is 2.5, wanted a whole number"],
    ],
  ])("refuses %j with its place", (solver, messages) => {
    const text = refusal(file(solver));
    for (const message of messages) expect(text).toContain(message);
  });
});
