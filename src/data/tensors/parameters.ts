import { UsageError } from "../../errors.ts";
import { isFloating } from "./elements.ts";
import type { TensorEntry } from "./tensor-file.ts";

/** A name, a pattern with * for any letters, or a regular expression that finds something in the name. */
export type TensorChoice = string | RegExp;

/** Where checkpoints keep the model. */
const models = /^(state_dict|model_state_dict|model_state|model|network|net|params|theta)(\.|$)/;
/** What stands beside it, or in it without being learned by gradient. */
const others =
  /^(optim|lr_sched|sched|scaler|grad_scaler|amp|ema|callbacks|loops|hyper_parameters|rng|random|slot\.\d|kept\.)/i;
const statistics = /(^|\.)(running_mean|running_var|num_batches_tracked)$/;

/**
 * The parameters among the tensors of a checkpoint, by their names: floating ones; of a dict that holds
 * a model beside its optimiser only the model; no running statistics.
 */
export function parameterTensors(tensors: readonly TensorEntry[]): TensorEntry[] {
  const floating = tensors.filter(({ dtype, name }) => isFloating(dtype) && !statistics.test(name));
  const model = floating.map(({ name }) => models.exec(name)?.[1]).find((root) => root);
  const isBeside = floating.some(({ name }) => others.test(name));
  if (model !== undefined && isBeside)
    return floating.filter(({ name }) => models.exec(name)?.[1] === model);
  return isBeside ? floating.filter(({ name }) => !others.test(name)) : floating;
}

/**
 * The floating tensors that are meant: the parameters where nothing is said.
 *
 * @throws UsageError  when the choice matches none, or one that is of integers
 */
export function chooseTensors(
  tensors: readonly TensorEntry[],
  choice?: TensorChoice | readonly TensorChoice[],
): TensorEntry[] {
  if (choice === undefined) return parameterTensors(tensors);
  const choices: readonly TensorChoice[] = Array.isArray(choice) ? choice : [choice];
  const floating = tensors.filter(({ dtype }) => isFloating(dtype));
  for (const one of choices) {
    if (floating.some(({ name }) => matches(name, one))) continue;
    const names = floating.slice(0, 20).map(({ name }) => name);
    const more = floating.length > 20 ? `, and ${floating.length - 20} more` : "";
    throw new UsageError(
      `no floating tensor ${one instanceof RegExp ? one : JSON.stringify(one)}`,
      `there are ${names.join(", ") || "none"}${more}`,
    );
  }
  return floating.filter(({ name }) => choices.some((one) => matches(name, one)));
}

function matches(name: string, choice: TensorChoice): boolean {
  if (choice instanceof RegExp) return name.search(choice) >= 0; // whatever its lastIndex
  if (name === choice) return true;
  const [start, ...rest] = choice.split("*");
  if (rest.length === 0 || !name.startsWith(start)) return false;
  const end = rest.pop()!;
  let at = start.length;
  for (const piece of rest) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return name.length - end.length >= at && name.endsWith(end);
}
