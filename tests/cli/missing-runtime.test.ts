import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { eigenflow, folder, runsOf, small } from "./eigenflow.ts";

// A loader that finds everything but ONNX Runtime, as after `npm install --omit=optional`.
const hooks = `export const resolve = (name, context, next) => {
  if (!name.startsWith("onnxruntime")) return next(name, context);
  const error = new Error(\`Cannot find package '\${name}'\`);
  throw Object.assign(error, { code: "ERR_MODULE_NOT_FOUND" });
};`;
const register = `import { register } from "node:module";
register("./hooks.mjs", import.meta.url);`;

let cwd: string;
let node: string[];
let model: string;
beforeAll(() => {
  cwd = folder({ "small.yaml": small, "hooks.mjs": hooks, "register.mjs": register });
  expect(eigenflow(["train", "small.yaml", "-q"], { cwd }).code).toBe(0);
  model = join(runsOf(cwd)[0], "model.onnx");
  node = ["--import", pathToFileURL(join(cwd, "register.mjs")).href];
});
const install = "hint: ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node";

test.each([
  ["train", () => ["train", "small.yaml"]],
  ["predict", () => ["predict", model, "rows.csv"]],
] as const)("%s exits 8 with the line that installs it", (name, args) => {
  const here = name === "predict" ? folder({ "rows.csv": "a,b\n1,2\n" }) : cwd;
  const { code, stdout, stderr } = eigenflow(args(), { cwd: here, node });
  expect(stderr).toContain("error[MISSING_RUNTIME]: ONNX Runtime is not installed");
  expect(stderr).toContain(install);
  expect(stdout).toBe("");
  expect(code).toBe(8);
});

test("train leaves no folder behind", () => {
  const here = folder({ "small.yaml": small });
  expect(eigenflow(["train", "small.yaml"], { cwd: here, node }).code).toBe(8);
  expect(() => runsOf(here)).toThrow();
});

test("doctor says so", () => {
  const { code, stdout, stderr } = eigenflow(["doctor"], { cwd, node });
  expect(stdout).toMatch(/^-- {2}onnxruntime-node .*not found/m);
  expect(stderr).toContain(install);
  expect(code).toBe(8);
});

test.each([
  ["--help", () => ["--help"], "Usage: eigenflow"],
  ["help", () => ["help"], "Usage: eigenflow"],
  ["train --help", () => ["train", "--help"], "--resume"],
  ["--version", () => ["--version"], "."],
  ["--print-config", () => ["train", "small.yaml", "--print-config"], "# small.yaml:2"],
  ["--dry-run", () => ["train", "small.yaml", "--dry-run"], "nothing was written"],
  ["certify", () => ["certify", model], "all 4 claims hold"],
])("%s works without it", (_, args, text) => {
  const { code, stdout } = eigenflow(args(), { cwd, node });
  expect(stdout).toContain(text);
  expect(code).toBe(0);
});
