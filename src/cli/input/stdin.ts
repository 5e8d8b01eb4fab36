import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError } from "../../errors.ts";

/**
 * A path as it is, or for "-" a file with what stands on stdin, named by its kind and removed
 * afterwards: JSON Lines where it begins with a brace, CSV otherwise.
 */
export async function withInput<T>(path: string, work: (path: string) => Promise<T>): Promise<T> {
  if (path !== "-") return work(path);
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks);
  if (text.length === 0) throw new InputError("stdin is empty", { hint: "pipe a log into it" });
  const folder = await mkdtemp(join(tmpdir(), "eigenflow-"));
  try {
    const lines = text.subarray(0, 64).toString("utf8").trimStart().startsWith("{");
    const file = join(folder, lines ? "stdin.jsonl" : "stdin.csv");
    await writeFile(file, text);
    return await work(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
