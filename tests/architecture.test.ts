import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

/** Which room may import which, besides itself and `errors`. Data flows one way. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  graph: [],
  linalg: ["graph", "runtime"],
  data: [],
  autodiff: ["graph"],
  onnx: ["graph", "data"],
  solvers: ["graph", "autodiff"],
  models: ["graph", "autodiff", "solvers", "data", "linalg"],
  runtime: ["graph", "onnx"],
  signal: ["linalg"],
  training: ["graph", "autodiff", "solvers", "models", "onnx", "runtime", "data", "signal"],
  koopman: ["linalg", "data"],
  lti: ["linalg", "data"],
  hybrid: ["graph", "linalg", "koopman", "models", "runtime", "training", "data"],
  eigenfunctions: ["linalg", "data", "graph", "onnx"],
  identification: [
    "linalg",
    "data",
    "lti",
    "graph",
    "onnx",
    "solvers",
    "models",
    "runtime",
    "training",
    "verification",
  ],
  verification: ["graph", "autodiff", "linalg", "solvers", "models"],
  config: [
    "onnx",
    "data",
    "signal",
    "graph",
    "koopman",
    "models",
    "runtime",
    "solvers",
    "training",
    "verification",
  ],
  report: [
    "signal",
    "models",
    "koopman",
    "training",
    "verification",
    "data",
    "linalg",
    "lti",
    "identification",
    "eigenfunctions",
  ],
  reproduce: [
    "graph",
    "linalg",
    "signal",
    "data",
    "solvers",
    "models",
    "runtime",
    "training",
    "koopman",
    "lti",
    "hybrid",
    "identification",
    "verification",
    "eigenfunctions",
    "report",
  ],
  cli: [
    "hybrid",
    "identification",
    "signal",
    "eigenfunctions",
    "lti",
    "reproduce",
    "config",
    "linalg",
    "koopman",
    "training",
    "verification",
    "models",
    "solvers",
    "data",
    "onnx",
    "runtime",
    "graph",
    "report",
  ],
};

const entrances = readdirSync("src").filter((name) => name.endsWith(".ts"));
const files = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !entrances.includes(name))
  .map((name) => join("src", name));
const room = (path: string) => relative("src", path).split("/")[0].replace(/\.ts$/, "");
const importsOf = (file: string) =>
  [...readFileSync(file, "utf8").matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map(([, to]) => to);

test.each(files)("%s imports only what its room may", (file) => {
  const allowed = [room(file), "errors", ...(mayImport[room(file)] ?? [])];
  for (const target of importsOf(file).filter((to) => to.startsWith("."))) {
    expect(allowed, `${file} imports ${target}`).toContain(room(join(dirname(file), target)));
  }
});

test("every room is in the table", () => {
  expect(Object.keys(mayImport)).toEqual(expect.arrayContaining([...new Set(files.map(room))]));
});

test("only runtime names ONNX Runtime", () => {
  const naming = files.filter((file) =>
    /["']onnxruntime-(node|web|common)/.test(readFileSync(file, "utf8")),
  );
  expect(
    naming.filter((file) => room(file) !== "runtime" && !file.endsWith("cli/doctor.ts")),
  ).toEqual([]);
});

test("only linalg names koffi and ml-matrix", () => {
  const naming = files.filter((file) =>
    /["'](koffi|ml-matrix)["']/.test(readFileSync(file, "utf8")),
  );
  expect(naming.filter((file) => room(file) !== "linalg")).toEqual([]);
});

// As docs/in-a-browser.md says. Imports within a function are for later, and types are for no time.
test.each([
  ...["index", "graph", "autodiff", "runtime", "solvers", "models", "training", "linalg"],
  "verification",
])("%s needs nothing of Node to be loaded", (entrance) => {
  const reached = new Set<string>();
  const reach = (file: string): string[] => {
    if (reached.has(file)) return [];
    reached.add(file);
    const code = readFileSync(file, "utf8").replaceAll(/^(import|export) type [^;]*;/gms, "");
    const loads = [...code.matchAll(/^(?:import|export)\s[^;]*?"([^"]+)";/gms)].map(([, to]) => to);
    return loads.flatMap((to) =>
      to.startsWith(".") ? reach(join(dirname(file), to)) : to.startsWith("node:") ? [file] : [],
    );
  };
  expect(reach(join("src", `${entrance}.ts`))).toEqual([]);
  expect(reached.size).toBeGreaterThan(10);
});

test("files stay short", () => {
  const long = files.filter((file) => readFileSync(file, "utf8").split("\n").length > 301);
  expect(long).toEqual([]);
});

test("folders stay small", () => {
  const sizes = new Map<string, number>();
  for (const file of files) sizes.set(dirname(file), (sizes.get(dirname(file)) ?? 0) + 1);
  expect([...sizes].filter(([, count]) => count > 30)).toEqual([]);
});
