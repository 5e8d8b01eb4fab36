import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32c, maskedCrc32c } from "../../../src/data/run/crc32c.ts";
import { readEventFiles } from "../../../src/data/run/event-files.ts";
import { scanRecords } from "../../../src/data/run/records.ts";
import { readEventFile } from "../../../src/data/run/tensorboard.ts";
import { DataError, InputError } from "../../../src/errors.ts";
import { folderOf } from "./folder.ts";

const fixtures = new URL("../fixtures/tensorboard/", import.meta.url).pathname;
const files = (folder: string) =>
  readdirSync(join(fixtures, folder))
    .filter((name) => name.includes("tfevents"))
    .map((name) => ({ path: join(fixtures, folder, name), under: "" }));
const all = files("all")[0].path;
const loss = (t: number) => 0.5 + 2 ** -(t / 8);
const steps = (n: number, every = 1) => Array.from({ length: n }, (_, i) => i * every);

describe("CRC-32C", () => {
  test.each([
    ["zeros", new Uint8Array(32), 0x8a9136aa],
    ["ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ["ascending", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ["descending", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    ["123456789", new TextEncoder().encode("123456789"), 0xe3069283],
  ])("of RFC 3720's %s", (_, bytes, wanted) => {
    expect(crc32c(bytes)).toBe(wanted);
    // Undoing the mask of TensorFlow's crc32c.h gives the checksum back.
    const rotated = (maskedCrc32c(bytes) - 0xa282ead8) >>> 0;
    expect(((rotated >>> 17) | (rotated << 15)) >>> 0).toBe(wanted);
  });
});

describe("an event file", () => {
  test("scalars of the old form and the new, by float, double and bytes", async () => {
    const { scalars } = await readEventFile(all);
    const values = (tag: string) => scalars.get(tag)!.map(({ value }) => value);
    expect(values("loss/train")).toEqual(steps(24).map((t) => Math.fround(loss(t))));
    expect(values("loss/val")).toEqual(steps(24).map((t) => Math.fround(loss(t) + 1)));
    values("double").forEach((x, t) => {
      expect(Math.abs(x! - loss(t))).toBeLessThanOrEqual(2 ** -52 * loss(t)); // pow of another library
    });
    expect(values("content")).toEqual(values("loss/train"));
  });

  test("tensors of add_tensor are snapshots, read when asked for; one number is a series", async () => {
    const { snapshots = [], series, source } = await readEventFiles(all, files("all"));
    expect(snapshots.map(({ step }) => step)).toEqual(steps(6, 4));
    const norm = series.find(({ name }) => name === "norm")!;
    expect([...norm.steps]).toEqual(steps(6, 4));
    for (const { step, files } of snapshots) {
      const theta = [Math.cos(step / 5), step, 1 / 3, 0 - step / 7];
      const read = (name: string) => files[0].read(name);
      theta[0] = (await read("f64"))[0]; // cos of another library
      expect(Math.abs(theta[0] - Math.cos(step / 5))).toBeLessThan(1e-15);
      expect([...(await read("f64"))]).toEqual(theta);
      expect([...(await read("f32"))]).toEqual(theta.map(Math.fround));
      expect([...(await files[0].read("f64", 1, 2))]).toEqual(theta.slice(1, 3));
      const half = [...(await read("tf_half"))];
      half.forEach((x, i) => {
        expect(Math.abs(x - theta[i])).toBeLessThanOrEqual(Math.abs(theta[i]) * 2 ** -11);
      });
      expect([...(await read("torch_half"))]).toEqual(half);
      expect([...(await read("raw_half"))]).toEqual(half);
      expect(norm.values[step / 4]).toBe(Math.fround(Math.hypot(...theta)));
    }
    expect(snapshots[0].files[0].tensors).toContainEqual({
      name: "torch_half",
      dtype: "float16",
      shape: [2, 2],
    });
    expect(source.summary).toContain("3 images, histograms or texts not read");
    await expect(snapshots[0].files[0].read("gone")).rejects.toThrow('no tensor "gone"');
    await expect(snapshots[0].files[0].read("f64", 3, 2)).rejects.toThrow("entries 3 to 5 of 4");
  });

  test("of a resumed run replaces what the first logged from the step of its restart on", async () => {
    const { series } = await readEventFiles("resumed", files("resumed"));
    expect([...series[0].steps]).toEqual(steps(30).filter((t) => t !== 10));
    expect([...series[0].values]).toEqual(
      steps(30)
        .filter((t) => t !== 10)
        .map((t) => Math.fround(t < 10 ? loss(t) : loss(t) - 0.125)),
    );
    expect(series[0].caveats[0]).toContain("steps go back from 19 to 10");
  });

  test("written at the same time as another with the same names stays apart", async () => {
    const bytes = readFileSync(all);
    const path = folderOf({ "a.tfevents": bytes, "b.tfevents": bytes });
    const twins = ["a", "b"].map((name) => ({ path: join(path, `${name}.tfevents`), under: "" }));
    const { series } = await readEventFiles(path, twins);
    const losses = series.filter(({ name }) => name.startsWith("loss/train"));
    expect(losses.map(({ name }) => name)).toEqual(["loss/train", "loss/train (b.tfevents)"]);
    expect(losses[0].caveats[0]).toContain("at the same time");
  });

  test("cut at any byte gives a beginning of its series, and says so", async () => {
    const bytes = readFileSync(all);
    const { scalars: whole } = await readEventFile(all);
    const cuts = fc.integer({ min: 60, max: bytes.length - 1 });
    await fc.assert(
      fc.asyncProperty(cuts, async (length) => {
        const path = join(folderOf({ "x.tfevents": bytes.subarray(0, length) }), "x.tfevents");
        const { scalars, caveats } = await readEventFile(path);
        for (const [tag, points] of scalars)
          expect(points).toEqual(whole.get(tag)!.slice(0, points.length));
        const atRecord = (await recordsOf(bytes)).includes(length);
        if (atRecord) expect(caveats).toEqual([]);
        else expect(caveats[0]).toMatch(/^ends inside a record, at byte \d+/);
      }),
      { numRuns: 100 },
    );
  });

  test("with a damaged record in the middle loses that record alone, and names its byte", async () => {
    const bytes = readFileSync(all);
    const starts = await recordsOf(bytes);
    const where = fc.record({ k: fc.integer({ min: 1, max: starts.length - 2 }), r: fc.nat() });
    await fc.assert(
      fc.asyncProperty(where, fc.integer({ min: 0, max: 7 }), async ({ k, r }, bit) => {
        const damaged = Uint8Array.from(bytes);
        damaged[starts[k] + (r % (starts[k + 1] - starts[k]))] ^= 1 << bit;
        const found: number[] = [];
        const damage = await scanRecords(inMemory(damaged), (_, at) => found.push(at));
        expect(found).toEqual(starts.slice(0, -1).filter((_, i) => i !== k));
        expect(damage).toEqual([{ what: "damaged", begin: starts[k], end: starts[k + 1] }]);
      }),
      { numRuns: 1000 },
    );
  });

  test("that is longer than a block, with a record longer than one, is read whole", async () => {
    const record = (n: number) => framed(Uint8Array.from({ length: n }, (_, i) => i % 251));
    const sizes = [10, 3_000_000, 0, 1_048_560, 17, 1_048_576, 5];
    const bytes = Buffer.concat(sizes.map(record));
    const found: number[] = [];
    const damage = await scanRecords(inMemory(bytes), (data) => {
      found.push(data.length);
    });
    expect(found).toEqual(sizes);
    expect(damage).toEqual([]);
  });

  test("of any bytes, or with any bits flipped, is read with caveats or refused", async () => {
    const bytes = readFileSync(all).subarray(0, 4000);
    const flips = fc.array(fc.record({ at: fc.nat(3999), bit: fc.nat(7) }), {
      minLength: 1,
      maxLength: 40,
    });
    const reseal = fc.boolean(); // damage that the checksums do not show reaches the decoder
    await fc.assert(
      fc.asyncProperty(flips, reseal, async (list, sealed) => {
        const damaged = Uint8Array.from(bytes);
        for (const { at, bit } of list) damaged[at] ^= 1 << bit;
        if (sealed) {
          const starts = await recordsOf(bytes);
          starts.slice(0, -1).forEach((start, i) => {
            const data = damaged.subarray(start + 12, starts[i + 1] - 4);
            damaged.set(framed(data), start);
          });
        }
        await settle(damaged);
      }),
      { numRuns: 1000 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (any) => {
        await settle(any);
        await settle(framed(any));
      }),
      { numRuns: 1000 },
    );
  });
});

const path = join(folderOf({ "x.tfevents": "" }), "x.tfevents");
async function settle(bytes: Uint8Array): Promise<void> {
  const { writeFileSync } = await import("node:fs");
  writeFileSync(path, bytes);
  try {
    const { series, snapshots = [] } = await readEventFiles(path, [{ path, under: "" }]);
    for (const { steps, values } of series) {
      expect(values).toHaveLength(steps.length);
      for (let i = 1; i < steps.length; i++) expect(steps[i]).toBeGreaterThan(steps[i - 1]);
    }
    const file = snapshots.at(-1)?.files[0];
    for (const { name } of file?.tensors.slice(-2) ?? [])
      await file!.read(name).catch((error) => expect(error).toBeInstanceOf(DataError));
  } catch (error) {
    if (!(error instanceof DataError || error instanceof InputError)) throw error;
  }
}

const inMemory = (bytes: Uint8Array) => ({
  source: "bytes",
  length: bytes.length,
  async readInto(target: Uint8Array, position: number) {
    target.set(bytes.subarray(position, position + target.length));
  },
});

/** Where the records of an intact file begin, and its end. */
async function recordsOf(bytes: Uint8Array): Promise<number[]> {
  const starts: number[] = [];
  const damage = await scanRecords(inMemory(bytes), (_, at) => starts.push(at));
  return damage.length > 0 ? starts : [...starts, bytes.length];
}

function framed(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 16);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(out, 0, 8), true);
  out.set(data, 12);
  view.setUint32(data.length + 12, maskedCrc32c(data), true);
  return out;
}
