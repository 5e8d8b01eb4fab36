import { DataError } from "../../errors.ts";
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
export function unpickle(bytes: Uint8Array, source: string, rules: PickleRules): Unpickled {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const memo = new Map<number, PickleValue>();
  const foreign = new Set<string>();
  const below: PickleValue[][] = []; // the stacks under each mark
  let stack: PickleValue[] = [];
  let [at, steps, containers] = [0, 0, 0];

  const fail = (what: string) => new DataError(`${source}: at byte ${at}: ${what}`);
  if (bytes.length > longest) throw fail(`a pickle of ${bytes.length} bytes, at most ${longest}`);
  const skip = (count: number): number => {
    if (count > bytes.length - at) throw fail("the pickle ends inside an instruction");
    at += count;
    return at - count;
  };
  const uint8 = () => view.getUint8(skip(1));
  const uint16 = () => view.getUint16(skip(2), true);
  const uint32 = () => view.getUint32(skip(4), true);
  const uint64 = () => Number(view.getBigUint64(skip(8), true));
  const raw = (length: number) => new Uint8Array(bytes.subarray(skip(length), at));
  const text = (length: number) => utf8.decode(bytes.subarray(skip(length), at));
  const line = () => {
    const end = bytes.indexOf(10, at);
    if (end < 0) throw fail("the pickle ends inside a line");
    const found = text(end - at);
    skip(1);
    return found;
  };
  const long = (length: number): number | bigint => {
    if (length > 1024) throw fail(`an integer of ${length} bytes`);
    if (length === 0) return 0;
    const digits = raw(length).reverse();
    const value = BigInt.asIntN(8 * length, BigInt(`0x${Buffer.from(digits).toString("hex")}`));
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  };

  // A function, so that the stack is the one after its argument has been taken from a mark.
  const push = (value: PickleValue) => stack.push(value);
  const pop = (): PickleValue => {
    const value = stack.pop();
    if (value === undefined) throw fail("the stack is empty");
    return value;
  };
  const top = (): PickleValue => {
    if (stack.length === 0) throw fail("the stack is empty");
    return stack[stack.length - 1];
  };
  const popMark = (): PickleValue[] => {
    const items = stack;
    const under = below.pop();
    if (under === undefined) throw fail("no mark on the stack");
    stack = under;
    return items;
  };
  const tuple = (count: number) => {
    if (stack.length < count) throw fail("the stack is empty");
    stack.push(listOf(stack.splice(stack.length - count, count)));
  };
  const remember = (index: number) => {
    // Python counts from 0.
    if (index > mostSteps) throw fail(`something to remember as ${index}`);
    memo.set(index, top());
  };
  const recall = (index: number) => {
    const value = memo.get(index);
    if (value === undefined) throw fail(`nothing is remembered as ${index}`);
    stack.push(value);
  };

  const named = (name: string): PickleGlobal => {
    if (name.length > 1000) throw fail(`a name of ${name.length} letters`);
    if (!rules.calls.has(name) && !rules.isKnown(name)) foreign.add(name);
    return { kind: "global", name };
  };
  const call = (what: PickleValue, args: PickleValue): PickleValue => {
    // What an unknown thing returns is as unknown.
    if (isKind(what, "object")) return objectOf(what.name, listOf([what, args]));
    if (!isKind(what, "global")) throw fail("a call of something that is no function");
    const items = isKind(args, "list") ? args.items : [];
    return rules.calls.get(what.name)?.(items) ?? objectOf(what.name, args);
  };
  const setItems = (target: PickleValue, items: readonly PickleValue[]) => {
    if (!isKind(target, "dict") && !isKind(target, "object"))
      throw fail("entries for something that is no dict");
    if (items.length % 2 !== 0) throw fail("a key without a value");
    for (let i = 0; i < items.length; i += 2) target.entries.set(items[i], items[i + 1]);
  };
  const append = (target: PickleValue, items: readonly PickleValue[]) => {
    const list = isKind(target, "list") ? target.items : isKind(target, "object") && target.items;
    if (!list) throw fail("items for something that is no list");
    for (const item of items) list.push(item);
  };
  /** Attributes: those of known things are left out. */
  const build = (target: PickleValue, state: PickleValue) => {
    if (isKind(target, "object")) target.states.push(state);
  };

  const instructions: Readonly<Record<number, () => unknown>> = {
    128: () => {
      const protocol = uint8();
      if (protocol > 5) throw fail(`protocol ${protocol} of pickle, can read up to 5`);
    },
    149: () => skip(8), // FRAME
    40: () => {
      below.push(stack);
      stack = [];
    }, // MARK
    48: () => (stack.length > 0 ? pop() : popMark()), // POP
    49: () => popMark(), // POP_MARK
    50: () => push(top()), // DUP
    78: () => push(null),
    136: () => push(true),
    137: () => push(false),
    74: () => push(view.getInt32(skip(4), true)), // BININT
    75: () => push(uint8()),
    77: () => push(uint16()),
    138: () => push(long(uint8())), // LONG1
    139: () => push(long(uint32())),
    71: () => push(view.getFloat64(skip(8), false)), // BINFLOAT
    88: () => push(text(uint32())), // BINUNICODE
    140: () => push(text(uint8())),
    141: () => push(text(uint64())),
    84: () => push(text(uint32())), // BINSTRING, of Python 2
    85: () => push(text(uint8())),
    66: () => push(raw(uint32())), // BINBYTES
    67: () => push(raw(uint8())),
    142: () => push(raw(uint64())),
    150: () => push(raw(uint64())), // BYTEARRAY8
    93: () => push(listOf([])),
    108: () => push(listOf(popMark())), // LIST
    41: () => push(listOf([])), // EMPTY_TUPLE
    116: () => push(listOf(popMark())), // TUPLE
    133: () => tuple(1),
    134: () => tuple(2),
    135: () => tuple(3),
    143: () => push(listOf([])), // EMPTY_SET
    145: () => push(listOf(popMark())), // FROZENSET
    125: () => push(dictOf()),
    100: () => {
      const items = popMark();
      push(dictOf());
      setItems(top(), items);
    }, // DICT
    97: () => {
      const item = pop();
      append(top(), [item]);
    }, // APPEND
    101: () => {
      const items = popMark();
      append(top(), items);
    },
    144: () => {
      const items = popMark();
      append(top(), items);
    }, // ADDITEMS
    115: () => {
      const value = pop();
      const key = pop();
      setItems(top(), [key, value]);
    }, // SETITEM
    117: () => {
      const items = popMark();
      setItems(top(), items);
    },
    113: () => remember(uint8()), // BINPUT
    114: () => remember(uint32()),
    148: () => remember(memo.size), // MEMOIZE
    104: () => recall(uint8()), // BINGET
    106: () => recall(uint32()),
    99: () => {
      const module = line();
      push(named(`${module}.${line()}`));
    }, // GLOBAL
    147: () => {
      const [name, module] = [pop(), pop()];
      if (typeof name !== "string" || typeof module !== "string")
        throw fail("a name that is no text");
      push(named(`${module}.${name}`));
    },
    82: () => {
      const args = pop();
      push(call(pop(), args));
    }, // REDUCE
    129: () => {
      const args = pop();
      push(call(pop(), args));
    }, // NEWOBJ
    146: () => {
      const [keywords, args, type] = [pop(), pop(), pop()];
      const made = call(type, args);
      build(made, keywords);
      push(made);
    },
    111: () => {
      // OBJ
      const [type = null, ...args] = popMark();
      push(call(type, listOf(args)));
    },
    98: () => {
      const state = pop();
      build(top(), state);
    }, // BUILD
    81: () => {
      // BINPERSID
      const found = rules.persistent(pop());
      if (found === undefined) throw fail("a persistent identifier that is none of torch's");
      push(found);
    },
    130: () => push(named(`copyreg.extension ${uint8()}`)),
    131: () => push(named(`copyreg.extension ${uint16()}`)),
    132: () => push(named(`copyreg.extension ${uint32()}`)),
  };

  for (;;) {
    const code = uint8();
    if (code === 0x2e) return { value: pop(), foreign: [...foreign] }; // STOP
    if (!Object.hasOwn(instructions, code))
      throw fail(`instruction ${code} of pickle, which torch.save does not write`);
    if (makesContainer.has(code)) containers++;
    if (++steps > mostSteps || containers > mostContainers)
      throw new DataError(`${source}: a pickle of too many objects`, {
        hint: "save the state_dict alone",
      });
    instructions[code]();
  }
}

const utf8 = new TextDecoder();
const makesContainer = new Set([
  0x28, 0x52, 0x5d, 0x64, 0x6c, 0x29, 0x6f, 0x74, 0x7d, 0x81, 0x85, 0x86, 0x87, 0x8f, 0x91, 0x92,
]);
