// Writes docs/reproduction.md from what a full run left: npm run build && node docs/reproduction.mjs FOLDER
// FOLDER is that of `eigenflow reproduce --all --preset full -o FOLDER`.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { overviewPage } from "../dist/reproduce/document.js";
import { reproductions } from "../dist/reproduce/registry.js";

const [from] = process.argv.slice(2);
const figures = join("docs", "figures", "reproduction");
mkdirSync(figures, { recursive: true });
const results = Object.keys(reproductions).flatMap((name) => {
  const path = join(from, name, `${name}.json`);
  if (!existsSync(path)) {
    console.error(`${name}: no result in ${from}`);
    return [];
  }
  const { data, sections, ...result } = JSON.parse(readFileSync(path, "utf8"));
  const shown = result.figures.map(({ file, caption }) => {
    copyFileSync(join(from, name, file), join(figures, `${name}-${file}`));
    return { file: `${name}-${file}`, caption };
  });
  return [{ ...result, sections: [], figures: shown }];
});
writeFileSync("docs/reproduction.json", `${JSON.stringify(results, null, 1)}\n`);
writeFileSync("docs/reproduction.md", overviewPage(results, () => "figures/reproduction"));
