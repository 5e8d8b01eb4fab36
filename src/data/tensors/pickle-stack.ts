import type { DataError } from "../../errors.ts";
import type { PickleValue } from "./pickle-values.ts";

/** The stack of the machine, with marks on it. */
export interface PickleStack {
  readonly push: (value: PickleValue) => void;
  readonly pop: () => PickleValue;
  readonly top: () => PickleValue;
  /** Takes the `count` last values, the lowest first. */
  readonly popMany: (count: number) => PickleValue[];
  readonly mark: () => void;
  /** Takes everything above the last mark, and the mark. */
  readonly popMark: () => PickleValue[];
  /** Takes the last value, or the last mark where nothing is above it. */
  readonly drop: () => void;
}

/** @param fail  makes the error for something wanted that is not on the stack */
export function pickleStack(fail: (what: string) => DataError): PickleStack {
  const below: PickleValue[][] = []; // the stacks under each mark
  let stack: PickleValue[] = [];
  const pop = (): PickleValue => {
    const value = stack.pop();
    if (value === undefined) throw fail("the stack is empty");
    return value;
  };
  const popMark = (): PickleValue[] => {
    const items = stack;
    const under = below.pop();
    if (under === undefined) throw fail("no mark on the stack");
    stack = under;
    return items;
  };
  return {
    push: (value) => stack.push(value),
    pop,
    top: () => {
      if (stack.length === 0) throw fail("the stack is empty");
      return stack[stack.length - 1];
    },
    popMany: (count) => {
      if (stack.length < count) throw fail("the stack is empty");
      return stack.splice(stack.length - count, count);
    },
    mark: () => {
      below.push(stack);
      stack = [];
    },
    popMark,
    drop: () => {
      if (stack.length > 0) pop();
      else popMark();
    },
  };
}
