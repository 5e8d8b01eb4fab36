import { parseDocument } from "yaml";
import { UsageError } from "../errors.ts";
import { kindSections } from "./schema.ts";

/** A value from the command line, in the place of the file's. */
export interface Override {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly flag: string; // as it was typed
}

/** `key=value` of --set: the key dotted, the value YAML. @throws UsageError */
export function parseOverride(text: string): Override {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined) {
    throw new UsageError(`--set ${text}: wanted key=value`, "for example --set train.epochs=5");
  }
  const path = key.trim().split(".");
  if (path.some((step) => !/^[A-Za-z]\w*$|^\d+$/.test(step)))
    throw new UsageError(`--set ${text}: "${key}" is no dotted key`);
  const document = parseDocument(value, { prettyErrors: false });
  if (document.errors.length > 0)
    throw new UsageError(`--set ${text}: the value is no YAML: ${document.errors[0].message}`);
  return { path, value: document.toJS(), flag: `--set ${text}` };
}

/** A flag that stands for a key, such as `--seed 7`. */
export function flagOverride(key: string, text: string): Override {
  const [, short] = /^(-?\d+)$/.exec(text) ?? [];
  return {
    path: [key],
    value: short === undefined ? text : Number(short),
    flag: `--${key} ${text}`,
  };
}

type Section = Record<string, unknown>;
const isSection = (value: unknown): value is Section => typeof value === "object" && value !== null;

/** A copy of the file's value with lone kinds written out and the overrides in place. */
export function override(file: unknown, overrides: readonly Override[]): unknown {
  const value = structuredClone(file ?? {});
  if (!isSection(value)) return value;
  expandKinds(value);
  for (const { path, value: given, flag } of overrides) {
    let section = value;
    for (const [i, step] of path.slice(0, -1).entries()) {
      const inner = Object.hasOwn(section, step) ? section[step] : {};
      if (!isSection(inner)) {
        const name = path.slice(0, i + 1).join(".");
        throw new UsageError(`${flag}: ${name} is ${JSON.stringify(inner)}, not a section`);
      }
      section[step] = inner;
      section = inner;
    }
    section[path[path.length - 1]] = given;
    expandKinds(value);
  }
  return value;
}

function expandKinds(config: Section): void {
  for (const path of kindSections) {
    let section: unknown = config;
    for (const step of path.slice(0, -1)) section = isSection(section) ? section[step] : undefined;
    const last = path[path.length - 1];
    if (isSection(section) && typeof section[last] === "string")
      section[last] = { kind: section[last] };
  }
}
