import { run } from "../../src/cli/program/program.ts";
import type { Finished } from "./eigenflow.ts";

/**
 * A command line without a process of its own: what it prints, and its exit code. Where signals, stdin or
 * an environment matter, `eigenflow` starts a process. One at a time: streams and folder are the process's.
 */
export async function called(
  args: readonly string[],
  { cwd }: { readonly cwd: string },
): Promise<Finished> {
  const printed = { stdout: "", stderr: "" };
  const { stdout, stderr } = process;
  const writers = { stdout: stdout.write, stderr: stderr.write };
  const before = { folder: process.cwd(), code: process.exitCode };
  const into = (name: keyof typeof printed) => (text: string | Uint8Array) => {
    printed[name] += text;
    return true;
  };
  process.chdir(cwd);
  stdout.write = into("stdout");
  stderr.write = into("stderr");
  process.exitCode = undefined;
  try {
    await run(args);
    return { code: Number(process.exitCode ?? 0), signal: null, ...printed };
  } finally {
    process.exitCode = before.code;
    stdout.write = writers.stdout;
    stderr.write = writers.stderr;
    process.chdir(before.folder);
  }
}
