import { createHash } from "node:crypto";
import { Document, isScalar, isSeq, visit } from "yaml";
import { readText } from "../data/files.ts";
import { describeIssues } from "./describe.ts";
import { type Path, parseYaml } from "./document.ts";
import { ConfigError, type Place, type Problem } from "./errors.ts";
import { type Override, override } from "./overrides.ts";
import { type Config, configSchema } from "./schema.ts";

export interface LoadedConfig {
  readonly config: Config;
  /** Where the value at a path was decided: "default", "file.yaml:9" or "--set …". */
  readonly originOf: (path: Path) => string;
}

/**
 * A configuration from YAML text and the command line's overrides, defaults filled in.
 *
 * @param source  what to call the text in errors
 * @throws ConfigError  with the place of each thing that is wrong
 */
export function parseConfig(
  text: string,
  source: string,
  overrides: readonly Override[] = [],
): LoadedConfig {
  const file = parseYaml(text, source);
  const given = override(file.value, overrides);
  const { data, error } = configSchema.safeParse(given);
  const typed = (path: Path) => overrides.findLast((item) => overlap(item.path, path));
  if (error) {
    const problems = describeIssues(error.issues, given).map(
      ({ path, about, message, remark }): Problem => {
        const flag = typed(path)?.flag;
        const place: Place = flag ? { kind: "flag", flag } : file.placeOf(path, about);
        return { message, place, ...(remark !== undefined && { remark }) };
      },
    );
    const line = ({ place }: Problem) => (place.kind === "file" ? place.line : 0);
    throw new ConfigError(problems.sort((a, b) => line(a) - line(b)));
  }
  return {
    config: data,
    originOf: (path) => {
      const flag = overrides.findLast((item) => startsWith(path, item.path))?.flag;
      if (flag) return flag;
      const line = file.lineOf(path);
      return line === null ? "default" : `${source}:${line}`;
    },
  };
}

/** `parseConfig` of a file. @throws InputError  when it cannot be read */
export const loadConfig = async (path: string, overrides: readonly Override[] = []) =>
  parseConfig(await readText(path), path, overrides);

const startsWith = (path: Path, start: Path) =>
  start.length <= path.length && start.every((step, i) => step === String(path[i]));
const overlap = (a: Path, b: Path) => startsWith(b, a) || startsWith(a, b);

/** The configuration as YAML that gives the same configuration; with origins, as comments. */
export function formatConfig(config: Config, originOf?: LoadedConfig["originOf"]): string {
  const document = new Document(config);
  visit(document, {
    Seq: (_, node) => {
      node.flow = true;
    },
    Pair: (_, { key, value }, parents) => {
      // A list is decided as a whole.
      const inList = parents.some((node) => isSeq(node));
      if (!originOf || inList || !(isScalar(value) || isSeq(value))) return;
      const sections = parents.filter((node) => "key" in node).map((node) => keyOf(node.key));
      value.comment = ` ${originOf([...sections, keyOf(key)])}`;
    },
  });
  return document.toString({ lineWidth: 0 });
}

const keyOf = (key: unknown) => String(isScalar(key) ? key.value : key);

/** SHA-256 of what decides a run's numbers: all but its name and where it is written. */
export function configHash({ name: _, out: __, ...config }: Config): string {
  return createHash("sha256").update(JSON.stringify(config)).digest("hex");
}
