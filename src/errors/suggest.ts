import { UsageError } from "../errors.ts";

/** The refusal, `what` and the name, of one that is not known; with the one it is likely a slip of. */
export function unknownName(what: string, given: string, known: readonly string[]): UsageError {
  const found = nearest(given, known);
  const message = `${what} "${given}"${found === undefined ? "" : `: did you mean "${found}"?`}`;
  return new UsageError(message, `known: ${known.join(", ")}`);
}

/** The known name that `given` is likely a slip of; case, `-` and `_` do not count. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const plain = (name: string) => name.toLowerCase().replaceAll(/[-_\s]/g, "");
  const wanted = plain(given);
  const [best] = known
    .map((name) => ({ name, wrong: distance(wanted, plain(name)) }))
    .sort((a, b) => a.wrong - b.wrong);
  return best && best.wrong <= Math.max(1, wanted.length / 3) ? best.name : undefined;
}

/** All known names, those that `given` is likest to first, case aside. */
export function nearestFirst(given: string, known: readonly string[]): string[] {
  const wrong = (name: string) => edits(given.toLowerCase(), name.toLowerCase());
  return [...known].sort((a, b) => wrong(a) - wrong(b));
}

/** Letters that are wrong; none in a name cut short or drawn out. */
const distance = (a: string, b: string) =>
  Math.min(a.length, b.length) > 2 && (a.startsWith(b) || b.startsWith(a)) ? 0.5 : edits(a, b);

/** Letters to insert, delete, replace or swap with the next (optimal string alignment). */
function edits(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = rows[i - 1][j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped =
        i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
          ? rows[i - 2][j - 2] + 1
          : Infinity;
      next.push(Math.min(rows[i - 1][j] + 1, next[j - 1] + 1, replaced, swapped));
    }
    rows.push(next);
  }
  return rows[from.length][to.length];
}

/**
 * Refuses options that a function does not know: a slip would silently leave the default.
 *
 * @throws UsageError  naming an option that is not one of the known
 */
export function refuseUnknown(where: string, options: object, known: readonly string[]): void {
  const odd = Object.keys(options).find((name) => !known.includes(name));
  if (odd !== undefined) throw unknownName(`unknown option of ${where}`, odd, known);
}
