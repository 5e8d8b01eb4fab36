import { ShapeError, UsageError } from "../../errors.ts";
import { formatType } from "../../graph/shape.ts";
import type { Model } from "../encode.ts";
import { isElementwise } from "./activation.ts";
import { isNormalisation } from "./batch-norm.ts";
import { type Constants, carriers, constantsOf } from "./constants.ts";
import { onlyUser } from "./dense.ts";
import { edited } from "./edit.ts";
import { fragmentOf } from "./fragment.ts";
import { type DenseLayer, layersOf } from "./layers.ts";
import type { ForeignModel } from "./model.ts";
import type { ForeignNode } from "./read-node.ts";

/**
 * The model with a layer, or a run of consecutive ones, replaced by a model of ours: the nodes from the
 * input of the first to the output of the last go, with the constants that only they used, and every
 * other byte stays. Values before and after keep their names.
 *
 * @param run  consecutive layers of the model, as `layersOf` lists them
 * @param by  x [batch × inputs of the first] ↦ [batch × outputs of the last], of one input and one output
 * @throws UsageError  for a layer that is not the model's, or a run with something else between
 * @throws ShapeError  for another width than the layers have
 */
export function replaceLayers(
  model: ForeignModel,
  run: readonly DenseLayer[],
  by: Model,
): ForeignModel {
  const nodes = nodesOfRun(model, run);
  const [first, last] = [run[0], run[run.length - 1]];
  checkWidth("input", Object.values(by.inputs)[0], first.weight.rows);
  checkWidth("output", Object.values(by.outputs)[0], last.weight.cols);
  const { nodes: made, tensors } = fragmentOf(model, by, {
    input: first.input,
    output: last.output,
    inputType: first.dtype,
    outputType: last.dtype,
    prefix: `eigenflow/${run.map(({ name }) => name).join("+")}`,
  });
  return swapped(model, nodes, { nodes: made, tensors });
}

function checkWidth(what: string, type: Parameters<typeof formatType>[0], width: number): void {
  if (type?.shape.length === 2 && type.shape[1] === width) return;
  const given = type === undefined ? "none" : formatType(type);
  throw new ShapeError(`what replaces a layer has ${what} ${given}, wanted [N, ${width}]`);
}

/** Takes nodes out, with the constants that only they used, and puts others in the last one's place. */
export function swapped(
  model: ForeignModel,
  nodes: readonly ForeignNode[],
  by: { readonly nodes: readonly Uint8Array[]; readonly tensors: readonly Uint8Array[] },
): ForeignModel {
  const drop = new Set(nodes.map(({ index }) => index));
  const last = Math.max(...drop);
  const dropTensors = new Set<string>();
  const results = new Set(model.outputs.map(({ name }) => name));
  const waiting = nodes.flatMap(({ inputs }) => inputs);
  for (const name of waiting) {
    const used = results.has(name) || model.users.get(name)?.some(({ index }) => !drop.has(index));
    if (name === "" || used) continue;
    const maker = model.maker.get(name);
    if (model.tensors.has(name)) dropTensors.add(name);
    else if (maker !== undefined && carriers.has(maker.op) && !drop.has(maker.index)) {
      if (constantsOf(model)(name) === null) continue;
      drop.add(maker.index);
      waiting.push(...maker.inputs);
    }
  }
  const dropInfos = new Set(
    [...drop].flatMap((index) => model.nodes[index].outputs).filter((name) => !results.has(name)),
  );
  return edited(model, {
    drop,
    insert: new Map([[last + 1, by.nodes]]),
    dropTensors,
    dropInfos,
    tensors: by.tensors,
  });
}

/** The nodes of a run of layers, those between its layers included. @throws UsageError */
export function nodesOfRun(model: ForeignModel, run: readonly DenseLayer[]): ForeignNode[] {
  if (run.length === 0) throw new UsageError("no layer is named");
  const { dense } = layersOf(model);
  const constants = constantsOf(model);
  const own = run.map((layer) => {
    const found = dense.find((one) => one.output === layer.output && one.input === layer.input);
    if (found === undefined) throw new UsageError(`the model has no layer "${layer.name}"`);
    return found;
  });
  return own.flatMap((layer, i) => {
    if (i === 0) return [...layer.nodes];
    const before = own[i - 1];
    const between = nodesBetween(model, constants, before.output, layer);
    if (between === null) {
      throw new UsageError(
        `layers "${before.name}" and "${layer.name}" are not consecutive: more than one value leads on, or something other than an activation stands between`,
        "replace them one by one",
      );
    }
    return [...between, ...layer.nodes];
  });
}

/** What stands between two layers, all of it acting on each feature by itself; null: something else. */
function nodesBetween(
  model: ForeignModel,
  constants: Constants,
  from: string,
  to: DenseLayer,
): ForeignNode[] | null {
  const nodes: ForeignNode[] = [];
  for (let value = from; ; ) {
    const node = onlyUser(model, value);
    if (node === undefined) return null;
    if (node === to.nodes[0]) return value === to.input ? nodes : null;
    if (!passes(model, constants, node, value)) return null;
    nodes.push(node);
    value = node.outputs[0];
  }
}

const passes = (
  model: ForeignModel,
  constants: Constants,
  node: ForeignNode,
  value: string,
): boolean => {
  if (isCopy(model, constants, node)) return true;
  if (isNormalisation(model, node)) return node.inputs[0] === value;
  return (
    isElementwise(node) &&
    node.inputs.every((name) => name === value || name === "" || constants(name) !== null)
  );
};

/** A copy, or dropout, which is one where nothing is trained. */
function isCopy({ users }: ForeignModel, constants: Constants, node: ForeignNode): boolean {
  if (node.domain !== "") return false;
  if (node.op === "Identity") return true;
  const training = constants(node.inputs[2] ?? "")?.data[0] ?? (node.inputs[2] ? 1 : 0);
  return node.op === "Dropout" && training === 0 && !users.has(node.outputs[1] ?? "");
}
