import { isElementwise } from "./activation.ts";
import type { Constants } from "./constants.ts";
import type { ForeignModel } from "./model.ts";

/** Operators that leave the number of axes of their first input. */
const keeping: ReadonlySet<string> = new Set([
  "BatchNormalization",
  "Cast",
  "Dropout",
  "Identity",
  "LogSoftmax",
  "Softmax",
]);

/** How many axes a value has, from what the file declares and what operators do; null: not known. */
export function rankOf(model: ForeignModel, constants: Constants, name: string): number | null {
  let value = name;
  for (let steps = 0; steps <= model.nodes.length; steps++) {
    const declared = model.infos.get(value)?.dims;
    if (declared) return declared.length;
    const node = model.maker.get(value);
    if (node === undefined || node.domain !== "") return null;
    if (node.op === "Gemm" || node.op === "Flatten") return 2;
    if (node.op === "Reshape") return constants(node.inputs[1] ?? "")?.data.length ?? null;
    const matrix = node.op === "MatMul" && constants(node.inputs[1] ?? "")?.dims.length === 2;
    const [next] = node.inputs.filter((input) => constants(input) === null);
    if (!(matrix || keeping.has(node.op) || isElementwise(node)) || next === undefined) return null;
    value = next;
  }
  return null;
}
