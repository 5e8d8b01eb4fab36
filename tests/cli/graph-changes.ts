import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { schemas } from "../../src/cli/schemas/schemas.ts";
import { graphDifference } from "../../src/onnx/difference.ts";
import { readModel } from "../../src/onnx/read-model.ts";
import { folder } from "./eigenflow.ts";
import { called } from "./in-process.ts";

const cwd = folder();

/** What `certify` says of these bytes, as JSON and as text. */
export async function certified(bytes: Uint8Array) {
  writeFileSync(join(cwd, "changed.onnx"), bytes);
  const { code, stdout } = await called(["certify", "changed.onnx", "--json"], { cwd });
  const document = JSON.parse(stdout);
  expect(schemas.certify.parse(document)).toEqual(document);
  const text = await called(["certify", "changed.onnx"], { cwd });
  expect(text.code).toBe(code);
  return { code, document, text: text.stdout, stderr: text.stderr };
}

/** Each file that has one operator put in for another of as many letters. */
export function swaps(bytes: Buffer): Buffer[] {
  const others = { Add: "Sub", Sub: "Add", Mul: "Div", Div: "Mul", Relu: "Sign", Tanh: "Sign" };
  return Object.entries(others).flatMap(([from, to]) => {
    const pattern = Buffer.from([0x22, from.length, ...Buffer.from(from)]); // op_type
    return placesOf(bytes, pattern).map((at) => written(bytes, to, [at]));
  });
}

function placesOf(bytes: Buffer, pattern: Buffer): number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 1))
    found.push(at);
  return found;
}

/** A copy with a text put behind the tag and the length at each of the places. */
function written(bytes: Buffer, text: string, places: readonly number[]): Buffer {
  const changed = Buffer.from(bytes);
  for (const at of places) changed.write(text, at + 2);
  return changed;
}

export async function passesUnchanged(file: string): Promise<void> {
  const { code, document, text } = await certified(readFileSync(file));
  expect(document.graph).toEqual({ basis: "rebuilt", holds: true, difference: null });
  expect([code, document.holds]).toEqual([0, true]);
  expect(text).toContain("holds  graph: built again");
}

export async function catchesOtherOperators(file: string): Promise<void> {
  const bytes = readFileSync(file);
  const changed = swaps(bytes);
  expect(changed.length).toBeGreaterThan(0);
  const some = changed.filter((_, i) => i % Math.ceil(changed.length / 12) === 0);
  for (const other of some) expect(graphDifference(other, bytes)).toMatch(/ is wanted$/);
  const { code, document, text, stderr } = await certified(changed[changed.length >> 1]);
  expect([code, document.holds, document.graph.holds]).toEqual([6, false, false]);
  expect(document.graph.difference).toMatch(/node \d+ is \w+ where \w+ is wanted$/);
  expect(text).toContain(`FAILS  graph: ${document.graph.difference}\n`);
  expect(stderr).toContain("the graph is not that of the model");
}

export async function passesRenamed(file: string): Promise<void> {
  const bytes = readFileSync(file);
  const { nodes, outputs } = readModel(bytes).graph!;
  const own = outputs.map(({ name }) => name);
  const name = nodes.flatMap((node) => node.outputs).find((made) => !own.includes(made))!;
  // NodeProto: input 1, output 2.
  const patterns = [0x0a, 0x12].map((tag) => Buffer.from([tag, name.length, ...Buffer.from(name)]));
  const places = patterns.flatMap((pattern) => placesOf(bytes, pattern));
  const renamed = written(bytes, "q".repeat(name.length), places);
  expect(renamed.equals(bytes)).toBe(false);
  const { code, document } = await certified(renamed);
  expect([code, document.graph.holds]).toEqual([0, true]);
}
