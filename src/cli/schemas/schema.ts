import { z } from "zod";
import { unknownName } from "../../errors/suggest.ts";
import type { Outcome } from "../output/output.ts";
import { schemas } from "./schemas.ts";

/** `eigenflow schema NAME`: the JSON Schema of what a command prints with --json. */
export function schema(name: string | undefined): Outcome {
  const known = Object.keys(schemas) as (keyof typeof schemas)[];
  if (name === undefined) return { document: { schemas: known }, text: known.join("\n") };
  const found = known.find((one) => one === name);
  if (found === undefined) throw unknownName("schema", name, known);
  // Of input: it allows for fields that later versions add.
  const published = z.toJSONSchema(schemas[found], { io: "input" });
  return { document: { name, published }, text: JSON.stringify(published, null, 2) };
}
