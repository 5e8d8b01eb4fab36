import { nearest } from "../../errors/suggest.ts";
import { DataError } from "../../errors.ts";
import type { CellsMark, Figure, Mark } from "../figure.ts";

type Check = (value: unknown, at: string) => void;
type Fields = Readonly<Record<string, Check>>;

const wrong = (at: string, message: string, hint?: string) =>
  new DataError(`${at} ${message}`, { hint });
const shown = (value: unknown) => {
  const text = typeof value === "string" ? `"${value}"` : String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
};

const text: Check = (value, at) => {
  if (typeof value !== "string") throw wrong(at, `is ${shown(value)}, a text is wanted`);
};
const number: Check = (value, at) => {
  if (typeof value !== "number" || !Number.isFinite(value))
    throw wrong(at, `is ${shown(value)}, a finite number is wanted`);
};
const flag: Check = (value, at) => {
  if (typeof value !== "boolean") throw wrong(at, `is ${shown(value)}, true or false is wanted`);
};
const orNull =
  (check: Check): Check =>
  (value, at) => {
    if (value !== null) check(value, at);
  };
const oneOf =
  (...known: readonly unknown[]): Check =>
  (value, at) => {
    if (!known.includes(value)) throw wrong(at, `is ${shown(value)}`, `known: ${known.join(", ")}`);
  };
const list =
  (each: Check): Check =>
  (value, at) => {
    if (!Array.isArray(value)) throw wrong(at, `is ${shown(value)}, a list is wanted`);
    for (let i = 0; i < value.length; i++) each(value[i], `${at}[${i}]`);
  };
/** A record of these fields and no others; those whose name ends in "?" may be left out. */
const record =
  (fields: Fields): Check =>
  (value, at) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw wrong(at, `is ${shown(value)}, an object is wanted`);
    const known = Object.keys(fields).map((name) => name.replace("?", ""));
    const odd = Object.keys(value).find((name) => !known.includes(name));
    if (odd !== undefined) {
      const meant = nearest(odd, known);
      throw wrong(
        at,
        `has the unknown key "${odd}"${meant ? `: did you mean "${meant}"?` : ""}`,
        `known: ${known.join(", ")}`,
      );
    }
    for (const [name, check] of Object.entries(fields)) {
      const key = name.replace("?", "");
      const field = (value as Record<string, unknown>)[key];
      if (field !== undefined) check(field, `${at}.${key}`);
      else if (key === name) throw wrong(`${at}.${key}`, "is missing");
    }
  };

const role: Check = (value, at) => {
  if (typeof value === "number" ? !Number.isInteger(value) || value < 0 : true)
    oneOf("ink", "faint", "alarm", "0, 1, 2, …")(value, at);
};
/** A list of numbers; the place of each is only made out where one is wrong. */
const numbersOr =
  (also: (value: unknown) => boolean, check: Check): Check =>
  (value, at) => {
    const good = (one: unknown) => Number.isFinite(one) || also(one);
    if (!(Array.isArray(value) && value.every(good))) list(check)(value, at);
  };
const numbers = numbersOr(() => false, number);
const numbersOrNull = numbersOr((value) => value === null, orNull(number));
const whole: Check = (value, at) => {
  if (!(Number.isInteger(value) && Number(value) > 0))
    throw wrong(at, `is ${shown(value)}, a positive whole number is wanted`);
};
const ends: Check = (value, at) => {
  numbers(value, at);
  const [low, high, ...rest] = value as number[];
  if (!(low < high) || rest.length > 0)
    throw wrong(at, `is ${shown(value)}, [low, high] is wanted`);
};
const share: Check = (value, at) => {
  number(value, at);
  if (!(Number(value) >= 0 && Number(value) <= 1))
    throw wrong(at, `is ${shown(value)}, a number from 0 to 1 is wanted`);
};
const series: Check = (value, at) => {
  if (!(Number.isInteger(value) && Number(value) >= 0))
    throw wrong(at, `is ${shown(value)}, the number of a series (0, 1, 2, …) is wanted`);
};
const colour: Check = (value, at) => {
  if (typeof value !== "string" || !/^#[0-9a-f]{6}$/i.test(value))
    throw wrong(at, `is ${shown(value)}, a colour as "#1f77b4" is wanted`);
};
const dash = oneOf("solid", "dashed", "dotted");
const marker = oneOf("circle", "square", "triangle", "diamond", "star", "cross", "wye");
const named = { role, "name?": text };
const points = { x: numbers, y: numbers };

const marks: Readonly<Record<Mark["type"], Fields>> = {
  line: {
    ...named,
    x: numbers,
    y: numbersOrNull,
    "dash?": dash,
    "weight?": oneOf("thin", "thick"),
  },
  band: { ...named, x: numbers, low: numbers, high: numbers },
  dots: {
    ...named,
    ...points,
    "size?": numbers,
    "filled?": list(flag),
    "groups?": list(role),
    "marker?": marker,
  },
  rule: { ...named, "x?": number, "y?": number, "label?": text, "dash?": dash },
  bars: { ...named, ...points },
  text: { ...named, x: number, y: number, text },
  circle: { ...named, x: number, y: number, r: number, "dash?": dash },
  ticks: { ...named, x: numbers },
  cells: {
    ...named,
    x: ends,
    y: ends,
    rows: whole,
    columns: whole,
    "values?": list(share),
    "groups?": list(series),
    "colours?": list(colour),
  },
};

const mark: Check = (value, at) => {
  const { type } = (value ?? {}) as { type?: Mark["type"] };
  oneOf(...Object.keys(marks))(type, `${at}.type`);
  record({ type: text, ...marks[type!] })(value, at);
  if (type === "cells") {
    requireFilled(value as CellsMark, at);
    return;
  }
  const lists = Object.entries(value as object).filter(([, field]) => Array.isArray(field));
  for (const [name, { length }] of lists) {
    if (length !== lists[0][1].length)
      throw wrong(`${at}.${name}`, `has ${length} entries, ${lists[0][0]} ${lists[0][1].length}`);
  }
  const { x, y } = value as { x?: number; y?: number };
  if (type === "rule" && (x === undefined) === (y === undefined))
    throw wrong(at, "is a rule at an x or at a y: one of them is wanted");
};

/** One number, class or colour for every cell. */
function requireFilled({ rows, columns, values, groups, colours }: CellsMark, at: string): void {
  const given = Object.entries({ values, groups, colours }).filter(([, of]) => of !== undefined);
  if (given.length === 0)
    throw wrong(at, "has neither values nor groups nor colours: one of them is wanted");
  for (const [name, of] of given) {
    if (of!.length !== rows * columns)
      throw wrong(`${at}.${name}`, `has ${of!.length} entries, ${rows} × ${columns} cells`);
  }
}

const axis: Check = (value, at) => {
  record({ label: text, scale: oneOf("linear", "log"), "domain?": ends })(value, at);
  const { scale, domain: limits } = value as { scale: string; domain?: number[] };
  if (scale === "log" && limits && !(limits[0] > 0))
    throw wrong(`${at}.domain`, `is ${shown(limits)}: a log axis begins above 0`);
};
const panel = record({ "title?": text, x: axis, y: axis, "equal?": flag, marks: list(mark) });

const figure = record({
  schema: oneOf("eigenflow/figure@1"),
  name: (value, at) => {
    if (typeof value !== "string" || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(value))
      throw wrong(at, `is ${shown(value)}: small letters, digits and single hyphens are wanted`);
  },
  title: text,
  caption: text,
  alt: (value, at) => {
    if (typeof value !== "string" || value.trim() === "")
      throw wrong(at, "is empty: a figure says in words what it shows");
  },
  size: oneOf("column", "page"),
  "columns?": whole,
  panels: (value, at) => {
    list(panel)(value, at);
    if ((value as unknown[]).length === 0) throw wrong(at, "is empty");
  },
});

/** The value, if it is a figure. @throws DataError  naming the place of what is wrong */
export function checkFigure(value: unknown): Figure {
  figure(value, "figure");
  return value as Figure;
}
