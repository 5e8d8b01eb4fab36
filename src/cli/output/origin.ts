import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";

/** SHA-256 of each file, once; what is no file is left out. */
export async function digestsOf(
  paths: readonly string[],
): Promise<{ readonly path: string; readonly sha256: string }[]> {
  const found = [];
  for (const path of new Set(paths)) {
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) continue;
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(path)) hash.update(chunk);
    found.push({ path, sha256: hash.digest("hex") });
  }
  return found;
}

/** Of how something is printed, not of what is computed. */
const notAsked = ["json", "color", "force"];

/** The command line again, with what a shell would take apart in quotes. */
export function commandLine(
  command: string,
  paths: readonly string[],
  flags: Readonly<Record<string, unknown>>,
): string {
  const quoted = (text: string) =>
    /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
  const options = Object.entries(flags)
    .filter(([name, value]) => value !== undefined && !notAsked.includes(name))
    .map(([name, value]) => (value === true ? `--${name}` : `--${name} ${quoted(String(value))}`));
  return [`npx eigenflow ${command}`, ...paths.map(quoted), ...options].join(" ");
}
