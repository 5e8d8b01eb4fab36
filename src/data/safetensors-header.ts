import { DataError } from "../errors.ts";

/** Where a tensor lies in a safetensors file: bytes begin … end behind the header. */
export interface TensorSpan {
  readonly name: string;
  readonly code: string; // F32, F64, I64, BOOL, …
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * The header of a safetensors file: its tensors in the order in which they lie, and strings about them.
 *
 * Hugging Face, "Safetensors", section "Format".
 *
 * @param text  the JSON, without the 8 bytes of its length
 * @param source  what to call the file in errors
 * @throws DataError  for anything else than such a header
 */
export function parseSafetensorsHeader(
  text: Uint8Array,
  source: string,
): { spans: TensorSpan[]; metadata: Record<string, string> } {
  const fail = (what: string) => new DataError(`${source}: at byte 8: ${what}`);
  const header = jsonOf(text);
  if (header === null) throw fail("the header is no JSON object");
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== "string"))
    throw fail("__metadata__ is no record of strings");
  const spans = Object.entries(entries).map(([name, entry]) => {
    const span = spanOf(name, entry);
    if (typeof span === "string") throw fail(`tensor ${JSON.stringify(name)}: ${span}`);
    return span;
  });
  spans.sort((a, b) => a.begin - b.begin || a.end - b.end);
  return { spans, metadata: metadata as Record<string, string> };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function jsonOf(text: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/** One entry of the header, or what is wrong with it. */
function spanOf(name: string, entry: unknown): TensorSpan | string {
  if (!isRecord(entry)) return "no record";
  const { dtype, shape, data_offsets: offsets } = entry;
  const sizes = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (typeof dtype !== "string") return `elements of type ${dtype}`;
  if (!sizes(shape)) return "no usable shape";
  if (!sizes(offsets) || offsets.length !== 2) return "no usable data_offsets";
  return { name, code: dtype, shape, begin: offsets[0], end: offsets[1] };
}

/**
 * Do the tensors fill the file from end to end, without a hole or overlap, as the format demands?
 *
 * @param sizeOf  bytes of an element of a code; undefined where it is not known
 * @param start  where they begin in the file
 * @throws DataError  at the first that does not
 */
export function requireFilled(
  spans: readonly TensorSpan[],
  sizeOf: (code: string) => number | undefined,
  start: number,
  length: number,
  source: string,
): void {
  const fail = (at: number, what: string) => new DataError(`${source}: at byte ${at}: ${what}`);
  let filled = 0;
  for (const { name, code, shape, begin, end } of spans) {
    const size = sizeOf(code);
    const what = `tensor ${JSON.stringify(name)}, ${code}[${shape}],`;
    if (begin !== filled) throw fail(start + begin, `${what} begins at ${begin}, not ${filled}`);
    const wanted = size === undefined ? null : shape.reduce((n, count) => n * count, size);
    if (end < begin || (wanted !== null && end - begin !== wanted))
      throw fail(start + begin, `${what} has ${end - begin} bytes`);
    if (start + end > length) throw fail(length, `the file ends inside ${what}`);
    filled = end;
  }
  if (start + filled !== length)
    throw fail(start + filled, `${length - start - filled} bytes belong to no tensor`);
}
