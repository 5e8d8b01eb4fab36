import { z } from "zod";
import { solveDefaults } from "../solvers/options.ts";
import { solverNames, solverTable } from "../solvers/registry.ts";
import { describe, type Json, kindOf, kinds, range } from "./describe.ts";
import { configFile } from "./schema.ts";

/** A section that has a table of its own. */
interface Section {
  readonly name: string; // dotted: "model.layer"
  readonly schema: Json;
}

/**
 * docs/configuration.md: every key of a configuration with its default, its range and what it is, read off
 * the schema that configurations are checked by.
 */
export function configurationPage(): string {
  const whole = z.toJSONSchema(configFile, { io: "input" });
  const top = { name: "", schema: whole };
  return `${[
    "# The configuration",
    "Every key of the file that `eigenflow train` takes. This page is written from the schema that files are checked by: " +
      "`npm run build && node docs/configuration.mjs`.",
    "Where a section has a `kind`, the kind alone may stand for it: `optimiser: adam`. A key that is **wanted** has no default; " +
      "one whose default is – may be left out. `eigenflow train CONFIG --print-config` shows all values of a configuration, and " +
      "where each came from; `--set train.epochs=5` changes one. Commented examples are in [`examples`](../examples/two-moons.yaml).",
    ...tables(top),
    ...methods(),
  ].join("\n\n")}\n`;
}

/** The table of a section, and those of the sections in it that have kinds; of one with kinds, one for each. */
function tables({ name, schema }: Section): string[] {
  const options = kinds(schema);
  if (options !== null) return options.flatMap((option) => ofKind(name, option));
  const inner: Section[] = [];
  const rows = keys(name, schema, inner);
  return [...heading(name), ...table(rows), ...inner.flatMap(tables)];
}

function ofKind(name: string, schema: Json): string[] {
  const { kind, ...properties } = schema.properties as Record<string, Json>;
  const inner: Section[] = [];
  const rows = keys(name, { ...schema, properties }, inner);
  return [
    ...heading(`${name}: ${kindOf(schema)}`),
    ...(kind.description ? [`${sentence(kind.description)}.`] : []),
    ...(rows.length > 0 ? table(rows) : ["No further keys."]),
    ...inner.flatMap(tables),
  ];
}

/** A row for each key, those of plain sections with a dot; what has kinds is put aside in `inner`. */
function keys(name: string, schema: Json, inner: Section[], within = ""): string[][] {
  const { properties = {}, required = [] } = schema;
  return Object.entries(properties as Record<string, Json>).flatMap(([key, value]): string[][] => {
    const dotted = within + key;
    const path = name === "" ? dotted : `${name}.${dotted}`;
    // Options of a method stand in the tables of the methods.
    if (/^solver\.\w+\.(?!method$)/.test(path) && !(key in solveDefaults)) return [];
    const wanted = required.includes(key);
    const about = linked(value.description ?? "");
    if (kinds(value)) {
      inner.push({ name: path, schema: value });
      const known = kinds(value)!.map(kindOf).join(", ");
      return [[code(dotted), presetOf(value, wanted), `kind: ${known}`, about]];
    }
    if (!value.properties) return [[code(dotted), presetOf(value, wanted), rangeOf(value), about]];
    if (name === "") {
      inner.push({ name: path, schema: value });
      return [[code(dotted), presetOf(value, wanted), "a section", about]];
    }
    const own = keys(name, value, inner, `${dotted}.`);
    // Without a default the section is only there where it is written.
    const optional = value.default === undefined && !wanted;
    return optional ? [[code(dotted), "–", "a section", about], ...own] : own;
  });
}

/** Methods of the solvers, each with its own options. */
function methods(): string[] {
  const names = new Set([...solverNames("fixed-point"), ...solverNames("linear")]);
  return [...names].flatMap((name) => {
    const { about, serves, options } = solverTable[name];
    const rows = Object.entries(options).map(([key, option]) => [
      code(key),
      code(option.default),
      numberOf(option.range),
      option.about,
    ]);
    const of = serves.map((purpose) => (purpose === "linear" ? "backward" : "forward")).join(", ");
    return [
      ...heading(`solver, method: ${name}`),
      `${sentence(about)} (${of}).`,
      ...(rows.length > 0 ? table(rows) : []),
    ];
  });
}

const numberOf = ({
  whole = false,
  from,
  above,
  to,
}: (typeof solverTable)[string]["options"][string]["range"]) =>
  (whole ? "a whole number" : "a number") +
  range({ minimum: from, exclusiveMinimum: above, maximum: to } as Json);

function rangeOf(schema: Json): string {
  if (schema.type === "array" && !schema.prefixItems && typeof schema.items === "object")
    return `a list, each ${rangeOf(schema.items as Json)}`;
  const options = (schema.anyOf ?? schema.oneOf) as Json[] | undefined;
  if (options) return options.map(rangeOf).join(", or ");
  if (schema.properties)
    return `{ ${Object.entries(schema.properties as Record<string, Json>)
      .map(([key, value]) => `${key}: ${rangeOf(value)}`)
      .join("; ")} }`;
  return schema.pattern ? `letters that match ${code(schema.pattern)}` : describe(schema);
}

function presetOf({ default: preset }: Json, wanted: boolean): string {
  if (preset === undefined) return wanted ? "**wanted**" : "–";
  if (typeof preset === "number") return code(Number(preset.toPrecision(6)));
  if (typeof preset !== "object" || preset === null) return code(preset);
  if (Array.isArray(preset)) return code(`[${preset.join(", ")}]`);
  const { kind } = preset as { kind?: string };
  return kind === undefined ? "those of its keys" : code(kind);
}

const code = (value: unknown) => `\`${value}\``;
/** With a capital, but of a formula. */
const sentence = (text: string) =>
  linked(/^[a-z]{2}/.test(text) ? text[0].toUpperCase() + text.slice(1) : text);
const linked = (text: string) => text.replace(/[\w-]+\.md/, (page) => `[${page}](${page})`);
const heading = (name: string) => (name === "" ? [] : [`## ${code(name)}`]);
const table = (rows: readonly string[][]): string[] => [
  [["key", "default", "range", "what it is"], ["---", "---", "---", "---"], ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n"),
];
