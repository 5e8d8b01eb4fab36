import { DataError } from "../../errors.ts";
import { pickleBytes } from "./pickle-bytes.ts";
import { instructions, type PickleMachine, type PickleRules } from "./pickle-instructions.ts";
import { pickleStack } from "./pickle-stack.ts";
import type { PickleValue } from "./pickle-values.ts";

/** @property foreign  every name in it that the rules do not know, in the order of appearance */
export interface Unpickled {
  readonly value: PickleValue;
  readonly foreign: readonly string[];
}

// What a hostile file can cost: some seconds and some hundred megabytes.
const longest = 2 ** 27; // bytes
const mostSteps = 2 ** 23;
const mostContainers = 2 ** 21;

/**
 * Reads a pickle of Python, protocols 2 to 5, without Python: names stay names, and the calls that the
 * stream asks for are described, not made. The machine that it is a program for has a stack, marks on
 * it, and a memo; nothing in it recurs, so that no depth of nesting exhausts anything.
 *
 * Python, "Lib/pickletools.py".
 *
 * @param source  what to call the bytes in errors
 * @throws DataError  for a malformed or truncated stream, an unknown instruction, or one too long
 */
export function unpickle(data: Uint8Array, source: string, rules: PickleRules): Unpickled {
  const bytes = pickleBytes(data, source);
  if (data.length > longest)
    throw bytes.fail(`a pickle of ${data.length} bytes, at most ${longest}`);
  const stack = pickleStack(bytes.fail);
  const machine: PickleMachine = { bytes, stack, memo: new Map(), rules, foreign: new Set() };
  let [steps, containers] = [0, 0];
  for (;;) {
    const code = bytes.uint8();
    if (code === stop) return { value: stack.pop(), foreign: [...machine.foreign] };
    const instruction = instructions.get(code);
    if (instruction === undefined)
      throw bytes.fail(`instruction ${code} of pickle, which torch.save does not write`);
    if (makesContainer.has(code)) containers++;
    if (++steps > mostSteps || containers > mostContainers)
      throw new DataError(`${source}: a pickle of too many objects`, {
        hint: "save the state_dict alone",
      });
    instruction(machine);
  }
}

const stop = 0x2e; // STOP
const makesContainer = new Set([
  0x28, 0x52, 0x5d, 0x64, 0x6c, 0x29, 0x6f, 0x74, 0x7d, 0x81, 0x85, 0x86, 0x87, 0x8f, 0x91, 0x92,
]);
