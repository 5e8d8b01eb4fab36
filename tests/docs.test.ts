import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
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

/** The blocks of commands below which README shows no output. */
const silent = [...readPage("README.md").matchAll(/```sh\n((?:(?!```).)*)```(?!\n+```text)/gs)].map(
  ([, code]) => code,
);
// What calls npm installs, builds, or runs these tests.
const callsNpm = (code: string) => /^npm /m.test(code);
/** What trains, with two epochs in the place of its own number. */
const shortened = (code: string) =>
  code.replaceAll(/(eigenflow identify [^\n#]*)/g, "$1 --epochs 2");

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

describe("README's commands without output", () => {
  const commands = silent.filter((code) => !callsNpm(code));

  test("there are some", () => {
    expect(commands.join()).toMatch(/eigenflow identify .*eigenflow certify .*eigenflow replace /s);
  });

  test.each(commands)("end well: %s", async (code) => {
    const cwd = mkdtempSync(join(tmpdir(), "eigenflow-readme-"));
    symlinkSync(resolve("examples"), join(cwd, "examples"));
    const program = `"${process.execPath}" "${resolve("dist/cli/main.js")}"`;
    const script = shortened(code).replaceAll("npx eigenflow", program);
    await run("bash", ["-e", "-c", script], { cwd });
  });
});

test("README's way to use the package in another folder: its command and its library", async () => {
  const install = silent.flatMap((code) => code.match(/^npm i [^#\n]*/m) ?? []);
  expect(install).toHaveLength(1);
  const cwd = mkdtempSync(join(tmpdir(), "eigenflow-elsewhere-"));
  const command = install[0].replace("/path/to/this/clone", `"${resolve(".")}"`);
  await run("bash", ["-c", `${command} --offline`], { cwd });
  const { stdout } = await run("bash", ["-c", "npx --no-install eigenflow --version"], { cwd });
  expect(stdout.trim()).toBe(JSON.parse(readPage("package.json")).version);
  writeFileSync(join(cwd, "use.mjs"), 'import { fit } from "eigenflow"; console.log(typeof fit);');
  expect((await run(process.execPath, ["use.mjs"], { cwd })).stdout).toBe("function\n");
});
