import { DataError, UsageError } from "../../errors.ts";
import { part, take, withFile } from "../tensors/bytes.ts";
import type { TensorFile } from "../tensors/tensor-file.ts";
import { type Event, type EventValue, readEvent } from "./event.ts";
import { type Damage, scanRecords } from "./records.ts";
import { readTensorHead, readTensorValues, type TensorHead } from "./tensor-proto.ts";

/** A value or, of null, the word that all from this step on is void. */
export interface TimedPoint {
  readonly step: number;
  readonly value: number | null;
}

/** A tensor that was not decoded: the record it is in. */
export interface StoredTensor extends TensorHead {
  readonly tag: string;
  readonly step: number;
  readonly offset: number;
}

/** What one event file holds. */
export interface EventFile {
  readonly path: string;
  readonly began: number; // seconds; NaN when no event says
  readonly ended: number;
  readonly scalars: ReadonlyMap<string, readonly TimedPoint[]>;
  readonly tensors: readonly StoredTensor[];
  readonly others: number; // images, histograms, text, …
  readonly caveats: readonly string[];
}

/**
 * The series and tensors of a TensorBoard event file: scalars in the old form (`simple_value`) and the
 * new (a tensor of one number), and what `SummaryWriter.add_tensor` wrote, of which only the place is
 * kept. Records that are damaged or cut short are left out, with a caveat.
 *
 * @throws InputError  when it cannot be read
 * @throws DataError  when it holds no event at all
 */
export async function readEventFile(path: string): Promise<EventFile> {
  const scalars = new Map<string, TimedPoint[]>();
  const restarts: number[] = [];
  const tensors: StoredTensor[] = [];
  const plugins = new Map<string, string>();
  const malformed: number[] = [];
  let [began, ended, events, others] = [Number.NaN, Number.NaN, 0, 0];

  const take = (value: EventValue, step: number, offset: number) => {
    const { tag, tensor } = value;
    if (value.plugin !== "") plugins.set(tag, value.plugin);
    const number = value.scalar ?? (tensor === null ? null : scalarOf(tensor));
    if (number !== null) {
      let points = scalars.get(tag);
      if (points === undefined) {
        points = restarts.map((from) => ({ step: from, value: null }));
        scalars.set(tag, points);
      }
      points.push({ step, value: number });
    } else if (tensor !== null && plugins.get(tag) === "tensor") {
      const head = readTensorHead(tensor);
      if (head.dtype === null) others++;
      else tensors.push({ tag, step, offset, ...head });
    } else {
      others++;
    }
  };
  const onRecord = (data: Uint8Array, offset: number) => {
    let event: Event;
    try {
      event = readEvent(data);
      for (const value of event.values) take(value, event.step, offset);
    } catch {
      malformed.push(offset);
      return;
    }
    if (event.versioned || event.values.length > 0 || !Number.isNaN(event.wallTime)) events++;
    if (Number.isNaN(began)) began = event.wallTime;
    if (!Number.isNaN(event.wallTime)) ended = event.wallTime;
    if (!event.restart) return;
    restarts.push(event.step);
    for (const points of scalars.values()) points.push({ step: event.step, value: null });
  };
  const damage = await withFile(path, (source) => scanRecords(source, onRecord));
  if (events === 0) throw new DataError(`${path}: holds no TensorBoard event`);
  return { path, began, ended, scalars, tensors, others, caveats: told(damage, malformed) };
}

/** The number of a tensor that holds just one; null for any other. */
function scalarOf(tensor: Uint8Array): number | null {
  const head = readTensorHead(tensor);
  if (head.dtype === null || head.shape.some((size) => size !== 1)) return null;
  return readTensorValues(tensor, head, "scalar")[0];
}

function told(damage: readonly Damage[], malformed: readonly number[]): string[] {
  const caveats = damage
    .slice(0, 3)
    .map(({ what, begin, end }) =>
      what === "cut short"
        ? `ends inside a record, at byte ${begin}: it is still being written, or its writer was killed`
        : `damaged from byte ${begin} to ${end}: what was logged there is lost`,
    );
  if (damage.length > 3) caveats.push(`damaged in ${damage.length - 3} more places`);
  if (malformed.length > 0)
    caveats.push(`${malformed.length} records are no events, the first at byte ${malformed[0]}`);
  return caveats;
}

/** Tensors of one step of an event file, decoded when they are read. */
export function eventTensors(path: string, stored: readonly StoredTensor[]): TensorFile {
  const byTag = new Map(stored.map((tensor) => [tensor.tag, tensor])); // the last of a tag counts
  return {
    path,
    kind: "tensorboard",
    tensors: [...byTag.values()].flatMap(({ tag, dtype, shape }) =>
      dtype === null ? [] : [{ name: tag, dtype, shape }],
    ),
    opaque: [],
    async read(name, first = 0, count) {
      const found = byTag.get(name);
      if (found === undefined)
        throw new UsageError(`${path}: no tensor "${name}"`, `there are: ${[...byTag.keys()]}`);
      const values = await decodeAt(path, found);
      const end = first + (count ?? values.length - first);
      if (!(first >= 0 && end >= first && end <= values.length))
        throw new UsageError(
          `${path}: entries ${first} to ${end} of ${values.length} of "${name}"`,
        );
      return values.slice(first, end);
    },
  };
}

async function decodeAt(
  path: string,
  { tag, offset, step }: StoredTensor,
): Promise<Float32Array | Float64Array> {
  const where = `${path}: at byte ${offset}: "${tag}" of step ${step}`;
  const values = await withFile(path, async (file) => {
    const head = await take(file, offset, 8);
    const length = Number(new DataView(head.buffer).getBigUint64(0, true));
    const whole = part(file, offset, 16 + length);
    let found: Float32Array | Float64Array | null = null;
    await scanRecords(whole, (data) => {
      found = decodeIn(data, tag, where);
    });
    return found;
  });
  if (values === null) throw new DataError(`${where}: is not there any more`);
  return values;
}

function decodeIn(data: Uint8Array, tag: string, where: string) {
  try {
    const value = readEvent(data).values.findLast((one) => one.tag === tag);
    if (!value?.tensor) return null;
    return readTensorValues(value.tensor, readTensorHead(value.tensor), where);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(`${where}: is malformed`, { cause });
  }
}
