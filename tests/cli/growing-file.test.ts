import {
  appendFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { growingFile } from "../../src/cli/input/growing-file.ts";
import { InputError } from "../../src/errors.ts";
import { folder } from "./eigenflow.ts";

const file = (text = "") => join(folder({ log: text }), "log");

test("lines as they come; half a last line waits for its end", async () => {
  const path = file("a\nb");
  const poll = growingFile(path);
  expect(await poll()).toMatchObject({ text: "a\n", restarted: false });
  expect(await poll()).toBeNull();
  appendFileSync(path, "b\nc");
  expect(await poll()).toMatchObject({ text: "a\nbb\n", restarted: false });
  appendFileSync(path, "\n");
  expect(await poll()).toMatchObject({ text: "a\nbb\nc\n", restarted: false });
});

test("a letter that is cut in its bytes is read whole", async () => {
  const path = file();
  const poll = growingFile(path);
  const bytes = Buffer.from("λ\n");
  await poll();
  appendFileSync(path, bytes.subarray(0, 1));
  expect((await poll())?.text).toBe("");
  appendFileSync(path, bytes.subarray(1));
  expect((await poll())?.text).toBe("λ\n");
});

test("a file that is cut, replaced, or written anew in place is read anew", async () => {
  const path = file("one\ntwo\n");
  const poll = growingFile(path);
  await poll();
  truncateSync(path, 4);
  expect(await poll()).toMatchObject({ text: "one\n", restarted: true });
  writeFileSync(`${path}.new`, "other\n");
  renameSync(`${path}.new`, path);
  expect(await poll()).toMatchObject({ text: "other\n", restarted: true });
  writeFileSync(path, "longer than before\n");
  expect(await poll()).toMatchObject({ text: "longer than before\n", restarted: true });
  // Touched, but the same.
  utimesSync(path, 1, 1);
  expect(await poll()).toMatchObject({ text: "longer than before\n", restarted: false });
});

test("gone for a while is waited for; never there is an error", async () => {
  const path = file("a\n");
  const poll = growingFile(path);
  await poll();
  rmSync(path);
  expect(await poll()).toBeNull();
  writeFileSync(path, "b\nc\n");
  expect(await poll()).toMatchObject({ text: "b\nc\n", restarted: true });
  await expect(growingFile(`${path}.gone`)()).rejects.toThrow(InputError);
});

test("pieces of any size make the same text", async () => {
  const text = Array.from({ length: 200 }, (_, i) => `{"step":${i},"loss":${1 / (i + 1)}}\n`).join(
    "",
  );
  const path = file();
  const poll = growingFile(path);
  let found = "";
  for (let at = 0, k = 1; at < text.length; at += k, k = (k * 7) % 101) {
    appendFileSync(path, text.slice(at, at + k));
    const grown = await poll();
    expect(grown?.restarted).toBe(false);
    found = grown?.text ?? found;
    expect(text.startsWith(found)).toBe(true);
  }
  expect(found).toBe(text);
});
