import { DataError } from "../../errors.ts";
import { isKind, type PickleObject, type PickleTensor, type PickleValue } from "./pickle-values.ts";

/** What was found in a checkpoint, under names joined by dots. */
export interface TorchContents {
  readonly tensors: ReadonlyMap<string, PickleTensor>;
  readonly numbers: ReadonlyMap<string, number>;
}

const deepest = 200;
const longestName = 4000;
const mostNumbers = 1000;

/**
 * Walks through a checkpoint as it was pickled. A dict or list that occurs twice is entered at its
 * first place only, so that neither loops nor lists of lists of … cost more than the pickle is long. In
 * an object, torch's own dicts of a module are no part of the name: `fc.weight`, not
 * `_modules.fc._parameters.weight`, as in its state_dict.
 *
 * @param source  what to call the file in errors
 * @throws DataError  when it is nested too deep
 */
export function torchContents(root: PickleValue, source: string): TorchContents {
  const tensors = new Map<string, PickleTensor>();
  const numbers = new Map<string, number>();
  const repeats = new Map<string, number>();
  const entered = new Set<PickleValue>();

  function walk(value: PickleValue, name: string, depth: number): void {
    if (depth > deepest || name.length > longestName)
      throw new DataError(`${source}: is nested more than ${deepest} deep`, {
        hint: "save the state_dict alone",
      });
    if (typeof value === "number") {
      if (name !== "" && depth <= 2 && numbers.size < mostNumbers) numbers.set(name, value);
      return;
    }
    if (isKind(value, "tensor")) {
      let free = name === "" ? "tensor" : name;
      // Two paths can come to the same: they are numbered, from where the last one stopped.
      while (tensors.has(free)) {
        const times = (repeats.get(name) ?? 1) + 1;
        repeats.set(name, times);
        free = `${name}#${times}`;
      }
      tensors.set(free, value);
      return;
    }
    if (!isKind(value, "dict") && !isKind(value, "list") && !isKind(value, "object")) return;
    if (entered.has(value)) return;
    entered.add(value);
    if (value.kind === "list") walkAll(value.items, name, depth);
    if (value.kind === "dict") walkEntries(value.entries, name, depth, false);
    if (value.kind === "object") walkObject(value, name, depth);
  }

  const walkAll = (items: readonly PickleValue[], name: string, depth: number) =>
    items.forEach((item, i) => {
      if (worthWalking(item)) walk(item, joined(name, String(i)), depth + 1);
    });

  function walkEntries(
    entries: ReadonlyMap<PickleValue, PickleValue>,
    name: string,
    depth: number,
    isModule: boolean,
  ): void {
    for (const [key, value] of entries) {
      if (!worthWalking(value)) continue;
      const hidden = isModule && typeof key === "string" && ofModule.has(key);
      walk(value, hidden ? name : joined(name, textOf(key)), depth + 1);
    }
  }

  function walkObject(
    { args, items, entries, states }: PickleObject,
    name: string,
    depth: number,
  ): void {
    walk(args, name, depth + 1);
    walkAll(items, name, depth);
    walkEntries(entries, name, depth, false);
    for (const state of states) {
      // (dict, slots) where a class has slots.
      const dicts = isKind(state, "list") ? state.items : [state];
      for (const dict of dicts) {
        if (!isKind(dict, "dict")) walk(dict, name, depth + 1);
        else if (!entered.has(dict)) {
          entered.add(dict);
          walkEntries(dict.entries, name, depth + 1, true);
        }
      }
    }
  }

  walk(root, "", 0);
  return { tensors, numbers };
}

const ofModule = new Set(["_parameters", "_buffers", "_modules"]);

// Texts and names hold nothing; a long list of them is passed quickly.
const worthWalking = (value: PickleValue) =>
  typeof value === "number" || (typeof value === "object" && value !== null && "kind" in value);

const joined = (name: string, key: string) => (name === "" ? key : `${name}.${key}`);

const textOf = (key: PickleValue): string =>
  typeof key === "string" || typeof key === "number" || typeof key === "bigint" ? String(key) : "?";
