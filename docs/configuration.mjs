// Writes docs/configuration.md from the schema of configurations: npm run build && node docs/configuration.mjs
import { writeFileSync } from "node:fs";
import { configurationPage } from "../dist/config/reference.js";

writeFileSync("docs/configuration.md", configurationPage());
