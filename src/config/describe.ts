import { z } from "zod";
import { nearest } from "../errors/suggest.ts";
import type { Path } from "./document.ts";
import { configFile } from "./schema.ts";

export type Json = z.core.JSONSchema.JSONSchema;

/** What is wrong at one place of a configuration. */
export interface Finding {
  readonly path: Path;
  readonly about: "key" | "value";
  readonly message: string;
  readonly remark?: string;
}

/** zod's issues in our words; what was wanted is read off the schema. */
export function describeIssues(issues: readonly z.core.$ZodIssue[], given: unknown): Finding[] {
  const schema = z.toJSONSchema(configFile, { io: "input" });
  return issues.flatMap((issue): Finding[] => {
    const { path } = issue;
    if (issue.code === "custom")
      return [{ path, about: "key", message: `${dotted(path)}: ${issue.message}` }];
    const section = path.length === 0 ? "the configuration" : dotted(path);
    if (issue.code === "unrecognized_keys") {
      const known = Object.keys(within(schema, given, path)?.properties ?? {});
      return issue.keys.map((key) => ({
        path: [...path, key],
        about: "key",
        message: `unknown key "${key}" in ${section}`,
        remark: suggestion(key, known) ?? `known: ${known.join(", ")}`,
      }));
    }
    const value = path.reduce<unknown>(
      (at, step) => (at as Record<PropertyKey, unknown>)?.[step],
      given,
    );
    const wanted = within(schema, given, path);
    const expected = wanted === null ? issue.message : describe(wanted);
    if (value === undefined) {
      const parent = path.length > 1 ? dotted(path.slice(0, -1)) : "the configuration";
      const message = `missing key "${String(path.at(-1))}" in ${parent}`;
      return [{ path, about: "key", message, remark: `wanted ${expected}` }];
    }
    const choices = (wanted?.enum ?? []).filter((choice) => typeof choice === "string");
    return [
      {
        path,
        about: "value",
        message: `${section} is ${show(value)}, wanted ${expected}`,
        remark: typeof value === "string" ? suggestion(value, choices) : undefined,
      },
    ];
  });
}

const suggestion = (given: string, known: readonly string[]) => {
  const found = nearest(given, known);
  return found === undefined ? undefined : `did you mean "${found}"?`;
};

const dotted = (path: Path) => path.map(String).join(".");

function show(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a section";
  return typeof value === "number" ? `${value}` : JSON.stringify(value);
}

/** The schema of the value at a path; of sections of several kinds, that of the kind given. */
function within(schema: Json, given: unknown, path: Path): Json | null {
  let [at, value]: [Json | null, unknown] = [schema, given];
  for (const step of path) {
    const chosen: Json | null = choose(at, value, step);
    const item = chosen?.prefixItems?.[Number(step)] ?? chosen?.items;
    at = (chosen?.properties?.[String(step)] ?? item ?? null) as Json | null;
    value = (value as Record<PropertyKey, unknown> | undefined)?.[step];
  }
  return at && kinds(at) && path.length > 0 ? (choose(at, value, undefined) ?? at) : at;
}

export const kinds = (schema: Json): Json[] | null => {
  const options = (schema.oneOf ?? schema.anyOf) as Json[] | undefined;
  return options?.every((option) => option.properties?.kind) ? options : null;
};
export const kindOf = ({ properties = {} }: Json) => (properties.kind as Json).const;

function choose(schema: Json | null, value: unknown, step: PropertyKey | undefined): Json | null {
  const options = schema && kinds(schema);
  if (!options) return schema;
  if (step === "kind") return { properties: { kind: { enum: options.map(kindOf) as string[] } } };
  const kind = (value as { kind?: unknown } | undefined)?.kind;
  return options.find((option) => kindOf(option) === kind) ?? null;
}

export function describe(schema: Json): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum)
    return schema.enum.length === 1 ? `${schema.enum[0]}` : `one of ${schema.enum.join(", ")}`;
  if (kinds(schema)) return `a section with a kind: ${kinds(schema)!.map(kindOf).join(", ")}`;
  const options = (schema.anyOf ?? schema.oneOf) as Json[] | undefined;
  if (options) return options.map(describe).join(" or ");
  switch (schema.type) {
    case "integer":
      return `a whole number${range(schema)}`;
    case "number":
      return `a number${range(schema)}`;
    case "string":
      return schema.pattern ? `a text that matches ${schema.pattern}` : "a text";
    case "boolean":
      return "true or false";
    case "array":
      return schema.prefixItems ? `a list of ${schema.prefixItems.length}` : "a list";
    default:
      return "a section";
  }
}

export function range({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: Json): string {
  const bounds = [
    [">=", minimum],
    [">", exclusiveMinimum],
    ["<=", maximum],
    ["<", exclusiveMaximum],
  ]
    .filter(([, bound]) => typeof bound === "number" && Math.abs(bound) < Number.MAX_SAFE_INTEGER)
    .map((bound) => bound.join(" "));
  return bounds.length > 0 ? ` ${bounds.join(" and ")}` : "";
}
