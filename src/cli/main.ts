#!/usr/bin/env node
import { run } from "./program/program.ts";

// Whoever reads our output may have read enough: `eigenflow predict … | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

await run(process.argv.slice(2));
