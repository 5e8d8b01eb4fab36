import type { Decision } from "./verdict.ts";

/** Windows, each a quarter of one later than the one before, that must agree before a run is ended. */
export const windowsToEnd = 4;

/**
 * Whether a decision is to be acted on: "diverged" at once; "restart" and "continue" where the window
 * before says the same; "stop" and "rising", which both end a run, where `agree` windows in a row
 * say one of the two. Two would do for the loss, but accuracy creeps on after the loss has settled.
 *
 * @param earlier  decisions of the windows before, the latest first
 */
export function isConfirmed(
  decision: Decision,
  earlier: readonly Decision[],
  agree = windowsToEnd,
): boolean {
  if (decision === "diverged") return true;
  const ends = (one: Decision) => one === "stop" || one === "rising";
  const needed = (ends(decision) ? agree : Math.min(agree, 2)) - 1;
  const same = (one: Decision) => (ends(decision) ? ends(one) : one === decision);
  return earlier.length >= needed && earlier.slice(0, needed).every(same);
}
