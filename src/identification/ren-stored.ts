import type { Tensor } from "../graph/tensor.ts";
import { input } from "../graph/value.ts";
import type { Ren } from "../models/ren/ren.ts";
import { compile } from "../runtime/program.ts";

/** What is stored of a network, and its metric, from its parameters. */
export async function storedProgram(
  model: Pick<Ren, "initialise" | "explicit" | "metric">,
  seed: number,
) {
  const inputs = Object.fromEntries(
    Object.entries(model.initialise(seed)).map(([name, { dtype, shape }]) => [
      name,
      input(name, dtype, shape),
    ]),
  );
  const { P, Lambda } = model.metric(inputs);
  const explicit = Object.entries(model.explicit(inputs));
  const passed = explicit.filter(([, value]) => value.node.op === "Input").map(([name]) => name);
  const made = explicit.filter(([, value]) => value.node.op !== "Input");
  const outputs = { ...Object.fromEntries(made.map(([k, v]) => [`stored.${k}`, v])), P, Lambda };
  const program = await compile(inputs, outputs as typeof inputs, { threads: 1 });
  return {
    run: async (parameters: Readonly<Record<string, Tensor>>) => {
      const found = await program.run(parameters);
      const tensors = Object.fromEntries([
        ...made.map(([name]) => [name, found[`stored.${name}`]]),
        ...passed.map((name) => [name, parameters[name]]),
      ]) as Record<string, Tensor>;
      return { tensors, metric: { P: found.P, Lambda: found.Lambda } };
    },
    release: () => program.release(),
  };
}
