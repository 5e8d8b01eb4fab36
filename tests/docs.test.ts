import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const run = promisify(execFile);
// Inside the package, so that "eigenflow" resolves to it.
const folder = "build/docs";

/** Blocks of code with the output that the page shows below them. */
function examples(page: string): { code: string; output: string }[] {
  const text = readFileSync(join("docs", page), "utf8");
  return [...text.matchAll(/```js\n(.*?)```\n+```text\n(.*?)```/gs)].map(([, code, output]) => ({
    code,
    output,
  }));
}

const pages = readdirSync("docs").filter((name) => name.endsWith(".md"));

describe.each(pages)("docs/%s", (page) => {
  const blocks = examples(page);
  const count = readFileSync(join("docs", page), "utf8").match(/```js\n/g)?.length ?? 0;

  test("every block shows its output", () => {
    expect(blocks).toHaveLength(count);
  });

  test.each(blocks.map((block, i) => [i + 1, block] as const))(
    "block %d prints what the page says",
    async (i, { code, output }) => {
      mkdirSync(folder, { recursive: true });
      const file = join(folder, `${page.replace(".md", "")}-${i}.mjs`);
      writeFileSync(file, code);
      const { stdout } = await run(process.execPath, [file]);
      expect(stdout).toBe(output);
    },
  );
});
