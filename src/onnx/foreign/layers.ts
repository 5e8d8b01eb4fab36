import { activationOf } from "./activation.ts";
import { batchNormAfter } from "./batch-norm.ts";
import { type Constants, carriers, constantsOf } from "./constants.ts";
import { type Linear, linearAt, weightsOf } from "./dense.ts";
import type { ForeignModel } from "./model.ts";
import { rankOf } from "./rank.ts";
import type { ForeignNode } from "./read-node.ts";

/** σ(x W + b), found in the nodes of a model. */
export interface DenseLayer extends Linear {
  readonly name: string;
  readonly activation: string | null;
  /** The value after the activation, or after the sum where there is none; `linear` is before it. */
  readonly output: string;
  readonly linear: string;
  /** Why the layer cannot be replaced. */
  readonly reason: string | null;
  /** Whether batch normalisation follows x W + b and can be folded into it. */
  readonly foldable: boolean;
}

/** A node with weights that is no dense layer, and is left as it is. */
export interface OtherLayer {
  readonly name: string;
  readonly op: string;
  readonly shape: readonly number[]; // of its first weight
  readonly parameters: number;
  readonly reason: string;
  readonly node: ForeignNode;
}

export interface Layers {
  readonly dense: readonly DenseLayer[];
  readonly others: readonly OtherLayer[];
}

/** The layers of a model, in the order of its nodes. */
export function layersOf(model: ForeignModel): Layers {
  const constants = constantsOf(model);
  const linears: Linear[] = [];
  const others: OtherLayer[] = [];
  for (const node of model.nodes) {
    const found = linearAt(model, constants, node);
    if (found !== null && "weight" in found) linears.push(found);
    else {
      if (carriers.has(node.op)) continue;
      const weights = weightsOf(model, constants, node);
      if (found === null && weights.length === 0) continue;
      others.push({
        name: node.name || node.outputs[0],
        op: `${node.domain && `${node.domain}.`}${node.op}`,
        shape: weights[0]?.dims ?? [],
        parameters: weights.reduce((sum, { data }) => sum + data.length, 0),
        reason: found?.reason ?? `${node.op} is no dense layer`,
        node,
      });
    }
  }
  const starts = new Set([...linears.map(({ nodes }) => nodes[0]), ...others.map((o) => o.node)]);
  const names = namesOf(linears);
  const dense = linears.map((linear, i): DenseLayer => {
    const activation = activationOf(model, constants, linear.output, linear.weight.cols);
    const output = activation?.output ?? linear.output;
    return {
      ...linear,
      name: names[i],
      nodes: [...linear.nodes, ...(activation?.nodes ?? [])],
      activation: activation?.name ?? null,
      linear: linear.output,
      output,
      reason: reasonAgainst(model, constants, linear, output, starts),
      foldable: batchNormAfter(model, constants, { ...linear, linear: linear.output }) !== null,
    };
  });
  return { dense, others };
}

function reasonAgainst(
  model: ForeignModel,
  constants: Constants,
  { input, weightName }: Linear,
  output: string,
  starts: ReadonlySet<ForeignNode>,
): string | null {
  const rank = rankOf(model, constants, input);
  if (rank !== null && rank !== 2) return `its input has ${rank} axes, not samples and features`;
  const inside = model.users.get(weightName)?.find(({ captured }) => captured.has(weightName));
  if (inside !== undefined)
    return `its weights are used inside ${inside.name || inside.outputs[0]} too: the operator of an equilibrium or a recurrence`;
  if (!leadsTo(model, output, starts)) return "it is the last layer: what it gives is the answer";
  return null;
}

/** Whether another layer comes after a value. */
function leadsTo(model: ForeignModel, from: string, starts: ReadonlySet<ForeignNode>): boolean {
  const met = new Set<ForeignNode>();
  const waiting = [from];
  for (const value of waiting) {
    for (const node of model.users.get(value) ?? []) {
      if (starts.has(node)) return true;
      if (met.has(node)) continue;
      met.add(node);
      waiting.push(...node.outputs);
    }
  }
  return false;
}

/** What a user may call each layer: never digits alone, which are places in the list. */
function namesOf(linears: readonly Linear[]): string[] {
  const taken = new Map<string, number>();
  return linears.map(({ weightName, nodes: [node] }, i) => {
    const wishes = [
      weightName.match(/^(.+?)(\.folded)?\.weight$/)?.[1] ?? "",
      node.name.replace(/^\//, "").replace(/\/(Gemm|MatMul)$/, ""),
      node.name,
      weightName,
      node.outputs[0],
    ];
    const name = wishes.find((wish) => /[^\d]/.test(wish)) ?? `layer${i + 1}`;
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    return count === 1 ? name : `${name}#${count}`;
  });
}
