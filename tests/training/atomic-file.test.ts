import { execFileSync, spawn } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { InputError } from "../../src/errors.ts";
import { writeAtomically, writeFile } from "../../src/training/atomic-file.ts";

const folder = () => mkdtempSync(join(tmpdir(), "eigenflow-atomic-"));

test("a file is replaced whole, and no draft is left", () => {
  const here = folder();
  writeAtomically(join(here, "a.csv"), "long before");
  writeAtomically(join(here, "a.csv"), "after");
  expect(readFileSync(join(here, "a.csv"), "utf8")).toBe("after");
  expect(readdirSync(here)).toEqual(["a.csv"]);
  mkdirSync(join(here, "b"));
  expect(() => writeFile(join(here, "b"), "no file")).toThrow(InputError);
  expect(readdirSync(here)).toEqual(["a.csv", "b"]);
});

test.skipIf(process.platform === "win32")(
  "a link stays one, and what it leads to is written",
  () => {
    const [here, away] = [folder(), folder()];
    writeFileSync(join(away, "a.csv"), "before");
    symlinkSync(join(away, "a.csv"), join(here, "link.csv"));
    writeAtomically(join(here, "link.csv"), "after");
    expect(lstatSync(join(here, "link.csv")).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(away, "a.csv"), "utf8")).toBe("after");
  },
);

test.skipIf(process.platform === "win32")("a pipe is written to, and stays one", async () => {
  const pipe = join(folder(), "pipe");
  execFileSync("mkfifo", [pipe]);
  const reader = spawn("cat", [pipe]);
  let read = "";
  reader.stdout.on("data", (part) => {
    read += part;
  });
  writeFile(pipe, "a,b\n1,2\n");
  await new Promise((done) => reader.on("close", done));
  expect(read).toBe("a,b\n1,2\n");
  expect(lstatSync(pipe).isFIFO()).toBe(true);
});
