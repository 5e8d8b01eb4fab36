import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const run = promisify(execFile);
// Inside the package, so that "eigenflow" resolves to it.
const folder = "build/docs";

interface Example {
  readonly kind: "js" | "sh";
  readonly code: string;
  readonly output: string;
}

/** Blocks of code with the output that the page shows below them. */
const examples = (page: string): Example[] =>
  [...readPage(page).matchAll(/```(js|sh)\n((?:(?!```).)*)```\n+```text\n(.*?)```/gs)].map(
    ([, kind, code, output]) => ({ kind: kind as Example["kind"], code, output }),
  );
const readPage = (page: string) => readFileSync(page, "utf8");

/** What a block prints: JavaScript by node, commands by the shell with stderr beside stdout. */
async function printed({ kind, code }: Example, name: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  if (kind === "sh") {
    const commands = code.replaceAll("npx eigenflow", `"${process.execPath}" dist/cli/main.js`);
    const { stdout } = await run("bash", ["-c", `{ ${commands}\n} 2>&1`], {
      env: { ...process.env, NO_COLOR: "1" },
    });
    return stdout;
  }
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, code);
  return (await run(process.execPath, [file])).stdout;
}

const pages = readdirSync("docs")
  .filter((name) => name.endsWith(".md"))
  .map((name) => join("docs", name));

test.each(["README.md", ...pages])("%s links to what is there", (page) => {
  const folder = dirname(page);
  const links = [...readPage(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, to]) => to);
  const missing = links.filter((to) => !/^https?:/.test(to) && !existsSync(join(folder, to)));
  expect(missing).toEqual([]);
});

describe.each(["README.md", ...pages])("%s", (page) => {
  const blocks = examples(page);

  // The README's block is a fragment of the library's page.
  test.skipIf(page === "README.md")("every block of JavaScript shows its output", () => {
    const count = readPage(page).match(/```js\n/g)?.length ?? 0;
    expect(blocks.filter(({ kind }) => kind === "js")).toHaveLength(count);
  });

  test.each(blocks.map((block, i) => [i + 1, block] as const))(
    "block %d prints what the page says",
    async (i, block) => {
      expect(await printed(block, `${basename(page, ".md")}-${i}`)).toBe(block.output);
    },
  );
});
