import type { TensorDType } from "./tensor-file.ts";

/** What a pickle describes, as far as it is understood; lists may hold themselves. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleList
  | PickleDict
  | PickleGlobal
  | PickleObject
  | PickleStorage
  | PickleTensor;

/** A list, tuple or set. */
export interface PickleList {
  readonly kind: "list";
  readonly items: PickleValue[];
}

export interface PickleDict {
  readonly kind: "dict";
  readonly entries: Map<PickleValue, PickleValue>;
}

/** The name of a class or function: never the thing itself. */
export interface PickleGlobal {
  readonly kind: "global";
  readonly name: string;
}

/** What Python would have made of a class or function that is not called here. */
export interface PickleObject {
  readonly kind: "object";
  readonly name: string;
  readonly args: PickleValue; // what it was called with
  readonly items: PickleValue[];
  readonly entries: Map<PickleValue, PickleValue>;
  /** Its attributes, as a rule in a dict. Not copied: many objects can have the same large one. */
  readonly states: PickleValue[];
}

/** Elements of a tensor or of several, in a file of the archive. */
export interface PickleStorage {
  readonly kind: "storage";
  readonly type: string; // FloatStorage, …; UntypedStorage where the tensor says it
  readonly key: string;
  readonly length: number; // as stated: elements, or bytes when untyped
}

export interface PickleTensor {
  readonly kind: "tensor";
  readonly storage: PickleStorage;
  readonly dtype: TensorDType | null; // null for one that is not read
  readonly type: string; // as the file names it
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

export const isKind = <K extends string>(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<PickleValue, { kind: K }> =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === kind;

export const listOf = (items: PickleValue[]): PickleList => ({ kind: "list", items });
export const dictOf = (): PickleDict => ({ kind: "dict", entries: new Map() });
export const objectOf = (name: string, args: PickleValue): PickleObject => ({
  kind: "object",
  name,
  args,
  items: [],
  entries: new Map(),
  states: [],
});
