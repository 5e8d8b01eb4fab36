import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatConfig, parseConfig } from "../../src/config/load.ts";

const files = readdirSync("examples").filter((name) => name.endsWith(".yaml"));

test.each(files)("examples/%s is a configuration, and so is what it resolves to", (name) => {
  const { config } = parseConfig(readFileSync(join("examples", name), "utf8"), name);
  expect(parseConfig(formatConfig(config), "resolved").config).toEqual(config);
});
