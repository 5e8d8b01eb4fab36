import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
} from "yaml";
import { ConfigError, type Place } from "./errors.ts";

/** The steps from the top of a configuration to a value. */
export type Path = readonly PropertyKey[];

/** YAML text whose values know where they stand. */
export interface YamlFile {
  readonly source: string;
  readonly value: unknown;
  /** Line of the value at a path, or null when it is not in the file. */
  readonly lineOf: (path: Path) => number | null;
  /** The value at a path, or its key; what is not there is sought in the section it belongs to. */
  readonly placeOf: (path: Path, what: "key" | "value") => Place;
}

/** @throws ConfigError  for text that is no YAML, or a key that stands twice */
export function parseYaml(text: string, source: string): YamlFile {
  const lines = text.split(/\r?\n/);
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const at = (from: number, to: number): Place => {
    const { line, col } = counter.linePos(from);
    const shown = lines[line - 1] ?? "";
    const length = Math.max(1, Math.min(to - from, shown.length - col + 1));
    return { kind: "file", source, line, column: col, text: shown, length };
  };
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map(({ message, pos: [from, to] }) => ({ message, place: at(from, to) })),
    );
  }
  return {
    source,
    value: document.toJS(),
    lineOf: (path) => {
      const { node, rest } = walk(document, path);
      const found = rest === 0 || isLoneKind(path, node, rest);
      return found && node?.range ? counter.linePos(node.range[0]).line : null;
    },
    placeOf: (path, what) => {
      const { node, key, rest } = walk(document, path);
      const marked =
        (what === "key" || (rest > 0 && !isLoneKind(path, node, rest))) && key ? key : node;
      const range = marked?.range ?? [0, 1];
      return at(range[0], range[1]);
    },
  };
}

/** A kind that stands for its section: the section's node is the kind's. */
const isLoneKind = (path: Path, node: Node | null, rest: number) =>
  rest === 1 && path.at(-1) === "kind" && isScalar(node);

/** The node at a path, or the deepest above it, with `rest` steps left. */
function walk(
  document: Document,
  path: Path,
): { node: Node | null; key: Node | null; rest: number } {
  let node = document.contents as Node | null;
  let key: Node | null = null;
  for (const [i, step] of path.entries()) {
    const inside: Node | null | undefined = isAlias(node) ? node.resolve(document) : node;
    let next: { node: Node | null; key: Node | null } | undefined;
    if (isMap(inside)) {
      const pair = inside.items.find((item) => isScalar(item.key) && item.key.value === step);
      if (pair) next = { node: pair.value as Node | null, key: pair.key as Node };
    } else if (isSeq(inside) && inside.items[Number(step)]) {
      next = { node: inside.items[Number(step)] as Node, key: null };
    }
    if (next === undefined) return { node, key, rest: path.length - i };
    ({ node, key } = next);
  }
  return { node, key, rest: 0 };
}
