import { readFileSync } from "node:fs";

/** Of this package; dist/ and src/ lie equally deep in it. */
export const version: string = (
  JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
    version: string;
  }
).version;
