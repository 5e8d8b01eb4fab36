// After `eigenflow reproduce --all --preset quick -o FOLDER`: node .ci/reproduction.mjs FOLDER
// Loose bounds: every study ends with a table, and misses hardly more lines than in full (docs/reproduction.json).
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { reproductions } from "../dist/reproduce/registry.js";

const [folder] = process.argv.slice(2);
const missedIn = (lines) => lines.filter(({ standing }) => standing === "not reached");
const full = JSON.parse(readFileSync("docs/reproduction.json", "utf8"));
const failed = [];
for (const name of Object.keys(reproductions)) {
  const path = join(folder, name, `${name}.json`);
  if (!existsSync(path)) {
    failed.push(`${name}: no result`);
    continue;
  }
  const { lines, figures, minutes } = JSON.parse(readFileSync(path, "utf8"));
  const judged = lines.filter(({ standing }) => standing);
  const missed = missedIn(lines);
  const allowed =
    missedIn(full.find((result) => result.name === name).lines).length +
    Math.max(2, Math.floor(judged.length / 4));
  const empty = lines.filter(({ ours }) => !ours || /NaN|undefined|null/.test(ours));
  const lost = figures.filter(({ file }) => !existsSync(join(folder, name, file)));
  console.log(`${name}: ${judged.length - missed.length} of ${judged.length} in ${minutes} min`);
  if (judged.length === 0) failed.push(`${name}: nothing is judged`);
  if (missed.length > allowed)
    failed.push(`${name}: ${missed.map(({ what }) => what).join("; ")}`);
  for (const { what, ours } of empty) failed.push(`${name}: ${what}: "${ours}"`);
  for (const { file } of lost) failed.push(`${name}: no ${file}`);
}
for (const line of failed) console.error(`FAILED ${line}`);
process.exit(failed.length > 0 ? 1 : 0);
