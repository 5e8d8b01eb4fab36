import type { PickleBytes } from "./pickle-bytes.ts";
import type { PickleStack } from "./pickle-stack.ts";
import {
  dictOf,
  isKind,
  listOf,
  objectOf,
  type PickleGlobal,
  type PickleValue,
} from "./pickle-values.ts";

/** What a pickle may name and how it is understood. All else stays a name. */
export interface PickleRules {
  /** What a call of a known function comes to; undefined leaves it an object of that name. */
  readonly calls: ReadonlyMap<string, (args: readonly PickleValue[]) => PickleValue | undefined>;
  /** Names that are known and are not called. */
  isKnown(name: string): boolean;
  /** What a persistent identifier stands for; undefined for one that is not understood. */
  persistent(id: PickleValue): PickleValue | undefined;
}

/** The machine that a pickle is a program for. */
export interface PickleMachine {
  readonly bytes: PickleBytes;
  readonly stack: PickleStack;
  readonly memo: Map<number, PickleValue>;
  readonly rules: PickleRules;
  /** Names in it that the rules do not know. */
  readonly foreign: Set<string>;
}

// Python counts from 0, one for each instruction at the most.
const highestMemo = 2 ** 23;

const remember = ({ bytes, stack, memo }: PickleMachine, index: number) => {
  if (index > highestMemo) throw bytes.fail(`something to remember as ${index}`);
  memo.set(index, stack.top());
};

const recall = ({ bytes, stack, memo }: PickleMachine, index: number) => {
  const value = memo.get(index);
  if (value === undefined) throw bytes.fail(`nothing is remembered as ${index}`);
  stack.push(value);
};

const named = ({ bytes, rules, foreign }: PickleMachine, name: string): PickleGlobal => {
  if (name.length > 1000) throw bytes.fail(`a name of ${name.length} letters`);
  if (!rules.calls.has(name) && !rules.isKnown(name)) foreign.add(name);
  return { kind: "global", name };
};

const extension = (machine: PickleMachine, code: number) =>
  named(machine, `copyreg.extension ${code}`);

const call = (
  { bytes, rules }: PickleMachine,
  what: PickleValue,
  args: PickleValue,
): PickleValue => {
  // What an unknown thing returns is as unknown.
  if (isKind(what, "object")) return objectOf(what.name, listOf([what, args]));
  if (!isKind(what, "global")) throw bytes.fail("a call of something that is no function");
  const items = isKind(args, "list") ? args.items : [];
  return rules.calls.get(what.name)?.(items) ?? objectOf(what.name, args);
};

const callTop = (machine: PickleMachine) => {
  const args = machine.stack.pop();
  machine.stack.push(call(machine, machine.stack.pop(), args));
};

const setItems = ({ bytes, stack }: PickleMachine, items: readonly PickleValue[]) => {
  const target = stack.top();
  if (!isKind(target, "dict") && !isKind(target, "object"))
    throw bytes.fail("entries for something that is no dict");
  if (items.length % 2 !== 0) throw bytes.fail("a key without a value");
  for (let i = 0; i < items.length; i += 2) target.entries.set(items[i], items[i + 1]);
};

const append = ({ bytes, stack }: PickleMachine, items: readonly PickleValue[]) => {
  const target = stack.top();
  const list = isKind(target, "list") ? target.items : isKind(target, "object") && target.items;
  if (!list) throw bytes.fail("items for something that is no list");
  for (const item of items) list.push(item);
};

/** Attributes: those of known things are left out. */
const build = (target: PickleValue, state: PickleValue) => {
  if (isKind(target, "object")) target.states.push(state);
};

/**
 * What each instruction of protocols 2 to 5 does, by its code.
 *
 * Python, "Lib/pickletools.py", under the names in the comments.
 */
export const instructions: ReadonlyMap<number, (machine: PickleMachine) => void> = new Map<
  number,
  (machine: PickleMachine) => void
>([
  // The frame of the stream.
  [
    0x80, // PROTO
    ({ bytes }) => {
      const protocol = bytes.uint8();
      if (protocol > 5) throw bytes.fail(`protocol ${protocol} of pickle, can read up to 5`);
    },
  ],
  [0x95, ({ bytes }) => bytes.skip(8)], // FRAME

  // The stack and the memo.
  [0x28, ({ stack }) => stack.mark()], // MARK
  [0x30, ({ stack }) => stack.drop()], // POP
  [0x31, ({ stack }) => void stack.popMark()], // POP_MARK
  [0x32, ({ stack }) => stack.push(stack.top())], // DUP
  [0x71, (machine) => remember(machine, machine.bytes.uint8())], // BINPUT
  [0x72, (machine) => remember(machine, machine.bytes.uint32())], // LONG_BINPUT
  [0x94, (machine) => remember(machine, machine.memo.size)], // MEMOIZE
  [0x68, (machine) => recall(machine, machine.bytes.uint8())], // BINGET
  [0x6a, (machine) => recall(machine, machine.bytes.uint32())], // LONG_BINGET

  // Numbers, texts and bytes.
  [0x4e, ({ stack }) => stack.push(null)], // NONE
  [0x88, ({ stack }) => stack.push(true)], // NEWTRUE
  [0x89, ({ stack }) => stack.push(false)], // NEWFALSE
  [0x4a, ({ stack, bytes }) => stack.push(bytes.int32())], // BININT
  [0x4b, ({ stack, bytes }) => stack.push(bytes.uint8())], // BININT1
  [0x4d, ({ stack, bytes }) => stack.push(bytes.uint16())], // BININT2
  [0x8a, ({ stack, bytes }) => stack.push(bytes.long(bytes.uint8()))], // LONG1
  [0x8b, ({ stack, bytes }) => stack.push(bytes.long(bytes.uint32()))], // LONG4
  [0x47, ({ stack, bytes }) => stack.push(bytes.float64())], // BINFLOAT
  [0x58, ({ stack, bytes }) => stack.push(bytes.text(bytes.uint32()))], // BINUNICODE
  [0x8c, ({ stack, bytes }) => stack.push(bytes.text(bytes.uint8()))], // SHORT_BINUNICODE
  [0x8d, ({ stack, bytes }) => stack.push(bytes.text(bytes.uint64()))], // BINUNICODE8
  [0x54, ({ stack, bytes }) => stack.push(bytes.text(bytes.uint32()))], // BINSTRING, of Python 2
  [0x55, ({ stack, bytes }) => stack.push(bytes.text(bytes.uint8()))], // SHORT_BINSTRING
  [0x42, ({ stack, bytes }) => stack.push(bytes.raw(bytes.uint32()))], // BINBYTES
  [0x43, ({ stack, bytes }) => stack.push(bytes.raw(bytes.uint8()))], // SHORT_BINBYTES
  [0x8e, ({ stack, bytes }) => stack.push(bytes.raw(bytes.uint64()))], // BINBYTES8
  [0x96, ({ stack, bytes }) => stack.push(bytes.raw(bytes.uint64()))], // BYTEARRAY8

  // Lists, tuples, sets and dicts.
  [0x5d, ({ stack }) => stack.push(listOf([]))], // EMPTY_LIST
  [0x6c, ({ stack }) => stack.push(listOf(stack.popMark()))], // LIST
  [0x29, ({ stack }) => stack.push(listOf([]))], // EMPTY_TUPLE
  [0x74, ({ stack }) => stack.push(listOf(stack.popMark()))], // TUPLE
  [0x85, ({ stack }) => stack.push(listOf(stack.popMany(1)))], // TUPLE1
  [0x86, ({ stack }) => stack.push(listOf(stack.popMany(2)))], // TUPLE2
  [0x87, ({ stack }) => stack.push(listOf(stack.popMany(3)))], // TUPLE3
  [0x8f, ({ stack }) => stack.push(listOf([]))], // EMPTY_SET
  [0x91, ({ stack }) => stack.push(listOf(stack.popMark()))], // FROZENSET
  [0x7d, ({ stack }) => stack.push(dictOf())], // EMPTY_DICT
  [
    0x64, // DICT
    (machine) => {
      const items = machine.stack.popMark();
      machine.stack.push(dictOf());
      setItems(machine, items);
    },
  ],
  [0x61, (machine) => append(machine, [machine.stack.pop()])], // APPEND
  [0x65, (machine) => append(machine, machine.stack.popMark())], // APPENDS
  [0x90, (machine) => append(machine, machine.stack.popMark())], // ADDITEMS
  [
    0x73, // SETITEM
    (machine) => {
      const value = machine.stack.pop();
      setItems(machine, [machine.stack.pop(), value]);
    },
  ],
  [0x75, (machine) => setItems(machine, machine.stack.popMark())], // SETITEMS

  // Classes and functions: named, and what they would have made.
  [
    0x63, // GLOBAL
    (machine) => {
      const module = machine.bytes.line();
      machine.stack.push(named(machine, `${module}.${machine.bytes.line()}`));
    },
  ],
  [
    0x93, // STACK_GLOBAL
    (machine) => {
      const [name, module] = [machine.stack.pop(), machine.stack.pop()];
      if (typeof name !== "string" || typeof module !== "string")
        throw machine.bytes.fail("a name that is no text");
      machine.stack.push(named(machine, `${module}.${name}`));
    },
  ],
  [0x82, (machine) => machine.stack.push(extension(machine, machine.bytes.uint8()))], // EXT1
  [0x83, (machine) => machine.stack.push(extension(machine, machine.bytes.uint16()))], // EXT2
  [0x84, (machine) => machine.stack.push(extension(machine, machine.bytes.uint32()))], // EXT4
  [0x52, callTop], // REDUCE
  [0x81, callTop], // NEWOBJ
  [
    0x92, // NEWOBJ_EX
    (machine) => {
      const { stack } = machine;
      const [keywords, args, type] = [stack.pop(), stack.pop(), stack.pop()];
      const made = call(machine, type, args);
      build(made, keywords);
      stack.push(made);
    },
  ],
  [
    0x6f, // OBJ
    (machine) => {
      const [type = null, ...args] = machine.stack.popMark();
      machine.stack.push(call(machine, type, listOf(args)));
    },
  ],
  [
    0x62, // BUILD
    ({ stack }) => {
      const state = stack.pop();
      build(stack.top(), state);
    },
  ],
  [
    0x51, // BINPERSID
    ({ stack, rules, bytes }) => {
      const found = rules.persistent(stack.pop());
      if (found === undefined) throw bytes.fail("a persistent identifier that is none of torch's");
      stack.push(found);
    },
  ],
]);
