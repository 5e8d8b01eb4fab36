import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatNpy } from "../../src/data/npy.ts";
import { DataError, InputError } from "../../src/errors.ts";
import { dmd } from "../../src/koopman/dmd/dmd.ts";
import { dmdTall, tallModes } from "../../src/koopman/dmd/dmd-tall.ts";
import { reconstruct } from "../../src/koopman/dmd/expand.ts";
import { hankelDmd } from "../../src/koopman/dmd/hankel.ts";
import { hardThreshold, rank } from "../../src/koopman/dmd/truncation.ts";
import { snapshotFiles } from "../../src/koopman/snapshots/snapshot-files.ts";
import { columns } from "../../src/linalg/blocks.ts";
import { moduli } from "../../src/linalg/complex.ts";
import { add, type Matrix, multiply, scale, transpose } from "../../src/linalg/matrix.ts";
import { qr } from "../../src/linalg/qr.ts";
import { type TallSource, tallMatrix } from "../../src/linalg/tall-source.ts";
import { formatSafetensors } from "../../src/training/safetensors.ts";
import { random } from "../linalg/matrices.ts";
import { blockDiagonal, orbit } from "./systems.ts";

const D = blockDiagonal(0.99, [0.97, 0.3], [0.9, 1.2]);
const n = 700;
const F = add(
  multiply(random(n, 5, 1), orbit(D, [1, 1, 1, 1, 1], 30)),
  scale(random(n, 30, 2), 1e-4),
);
const column = (j: number) => Float64Array.from({ length: n }, (_, i) => F.data[i * 30 + j]);

async function check(source: TallSource, accuracy = 1e-11) {
  const tall = await dmdTall(source, { truncation: hardThreshold() });
  const plain = dmd(F, { truncation: hardThreshold(), compression: "none" });
  const { spectrum } = tall;
  expect(spectrum.eigenvalues.re).toHaveLength(5);
  expect(spectrum.eigenvalues.re).toBeAllClose(plain.eigenvalues.re, { atol: accuracy });
  expect(spectrum.eigenvalues.im).toBeAllClose(plain.eigenvalues.im, { atol: accuracy });
  expect(spectrum.residuals).toBeAllClose(plain.residuals, { atol: accuracy });
  expect(spectrum.refined.residuals).toBeAllClose(plain.refined.residuals, { atol: accuracy });
  expect(moduli(spectrum.amplitudes)).toBeAllClose(moduli(plain.amplitudes), {
    rtol: 100 * accuracy,
  });
  expect(spectrum.warnings).toEqual([]);
  // Modes are free in phase: the moduli of their entries are not.
  const modes = await tallModes(source, tall);
  const sizes = ({ re, im }: { re: Matrix; im: Matrix }) => moduli({ re: re.data, im: im.data });
  expect(sizes(modes)).toBeAllClose(sizes(plain.modes), { atol: 100 * accuracy });
}

test("in memory: the same spectrum as without compression", () => check(tallMatrix(F)));

test("few directions or all: the same spectrum by either way", async () => {
  // 5 of 30 snapshots take the short way, 5 of 16 the long one.
  const short = await dmdTall(tallMatrix(F), { truncation: rank(5) });
  expect(short.compression.R.cols).toBe(10);
  const cut = columns(F, 0, 16);
  const long = await dmdTall(tallMatrix(cut), { truncation: rank(5) });
  expect(long.compression.R.cols).toBe(16);
  for (const [data, { spectrum }] of [
    [F, short],
    [cut, long],
  ] as const) {
    for (const scaling of ["unit", "none"] as const) {
      const plain = dmd(data, { truncation: rank(5), scaling, compression: "none" });
      const found =
        scaling === "unit"
          ? spectrum
          : (await dmdTall(tallMatrix(data), { truncation: rank(5), scaling })).spectrum;
      expect(found.eigenvalues.re).toBeAllClose(plain.eigenvalues.re, { atol: 1e-11 });
      expect(found.refined.residuals).toBeAllClose(plain.refined.residuals, { atol: 1e-11 });
      expect(found.reconstructionError).toBeCloseTo(plain.reconstructionError, 7);
      expect(found.singularValues.slice(0, 5)).toBeAllClose(plain.singularValues.slice(0, 5));
    }
  }
});

test("exact data: residuals at the level of rounding by the short way too", async () => {
  const clean = multiply(random(400, 5, 1), orbit(D, [1, 1, 1, 1, 1], 30));
  const { spectrum, compression } = await dmdTall(tallMatrix(clean), { truncation: rank(5) });
  expect(compression.R.cols).toBe(10);
  expect(Math.max(...spectrum.residuals)).toBeLessThan(1e-12);
  expect(spectrum.eigenvalues.re).toBeAllClose(dmd(clean, { truncation: rank(5) }).eigenvalues.re, {
    atol: 1e-12,
  });
});

test("clean data of low rank: nothing but the rank is kept, and no false warning", async () => {
  const clean = multiply(random(300, 5, 1), orbit(D, [1, 1, 1, 1, 1], 30));
  const { spectrum, compression } = await dmdTall(tallMatrix(clean));
  expect(compression.rank).toBe(5);
  expect(spectrum.eigenvalues.re).toBeAllClose(dmd(clean, { truncation: rank(5) }).eigenvalues.re);
  expect(spectrum.warnings).toEqual([]);
});

describe("on disk", () => {
  const folder = mkdtempSync(join(tmpdir(), "snapshots-"));
  const path = (...names: string[]) => join(folder, ...names);
  const npy = (name: string, data: Float32Array | Float64Array, shape: number[]) =>
    writeFileSync(path(name), formatNpy(data, shape));

  afterAll(() => rmSync(folder, { recursive: true }));
  beforeAll(() => {
    for (const name of ["npy", "safetensors", "odd", "cut", "empty"]) mkdirSync(path(name));
    npy("rows.npy", F.data, [n, 30]);
    const bytes = formatNpy(transpose(F).data, [30, n]);
    const header = new TextDecoder("latin1").decode(bytes.subarray(0, 128));
    const fortran = header.replace("False", "True").replace(`(30, ${n})`, `(${n}, 30)`);
    // One letter less in True than in False.
    bytes.set(new TextEncoder().encode(fortran.slice(10).trimEnd().padEnd(117)), 10);
    bytes.set([10], 127);
    writeFileSync(path("columns.npy"), bytes);
    for (let j = 0; j < 30; j++) {
      npy(`npy/w${j}.npy`, column(j), [n / 10, 10]);
      const tensors = {
        b: { dtype: "float64", shape: [n - 200], data: column(j).slice(200) },
        a: { dtype: "float64", shape: [20, 10], data: column(j).slice(0, 200) },
        steps: { dtype: "int64", shape: [1], data: BigInt64Array.of(BigInt(j)) },
      } as const;
      writeFileSync(
        path("safetensors", `${j}.safetensors`),
        formatSafetensors({ tensors, metadata: {} }),
      );
    }
    for (const name of ["odd", "cut"]) {
      npy(`${name}/0.npy`, column(0), [n]);
      npy(`${name}/1.npy`, name === "odd" ? new Float64Array(3) : column(0), [
        name === "odd" ? 3 : n,
      ]);
    }
    truncateSync(path("cut", "1.npy"), 1000);
  });

  test.each(["rows.npy", "columns.npy", "npy", "safetensors"])("%s", async (name) => {
    const source = await snapshotFiles(path(name));
    expect([source.rows, source.cols, source.dtype]).toEqual([n, 30, "float64"]);
    await check(source);
  });

  test("blocks can begin and end inside a tensor", async () => {
    const source = await snapshotFiles(path("safetensors"));
    const block = await source.read(150, 100);
    expect(block.slice(300, 400)).toEqual(column(3).slice(150, 250));
  });

  test("float32 stays float32 until it is multiplied", async () => {
    npy("single.npy", Float32Array.from(F.data), [n, 30]);
    const source = await snapshotFiles(path("single.npy"));
    expect(source.dtype).toBe("float32");
    expect((await dmdTall(source, { truncation: rank(5) })).spectrum.eigenvalues.re).toBeAllClose(
      dmd(F, { truncation: rank(5) }).eigenvalues.re,
      { atol: 1e-6 },
    );
  });

  test.each([
    ["nowhere", InputError, "no such file"],
    ["empty", InputError, "holds no snapshots"],
    ["odd", DataError, "holds array float64[3], but"],
    ["cut", DataError, "ends at byte 1000"],
  ])("%s is refused", async (name, kind, message) => {
    await expect(snapshotFiles(path(name))).rejects.toThrow(kind);
    await expect(snapshotFiles(path(name))).rejects.toThrow(message);
  });
});

describe("snapshots in memory, few directions kept", () => {
  test.each(["unit", "none"] as const)("scaling %s: as without compression", (scaling) => {
    for (const truncation of [hardThreshold(), rank(3), rank(5)]) {
      const short = dmd(F, { truncation, scaling });
      const plain = dmd(F, { truncation, scaling, compression: "none" });
      expect(short.eigenvalues.re).toBeAllClose(plain.eigenvalues.re, { atol: 1e-11 });
      expect(short.eigenvalues.im).toBeAllClose(plain.eigenvalues.im, { atol: 1e-11 });
      expect(short.residuals).toBeAllClose(plain.residuals, { atol: 1e-11 });
      expect(short.refined.residuals).toBeAllClose(plain.refined.residuals, { atol: 1e-11 });
      expect(moduli(short.amplitudes)).toBeAllClose(moduli(plain.amplitudes), { rtol: 1e-9 });
      expect(short.reconstructionError).toBeCloseTo(plain.reconstructionError, 10);
      expect(short.singularValues).toBeAllClose(plain.singularValues, { atol: 1e-6 });
    }
  });

  test("delays of a tall state: as of its coordinates in any orthonormal basis", () => {
    const { Q, R } = qr(F);
    const tall = hankelDmd(F, 3, { truncation: rank(5) });
    const short = hankelDmd(R, 3, { truncation: rank(5) });
    expect(tall.eigenvalues.re).toBeAllClose(short.eigenvalues.re, { atol: 1e-11 });
    expect(tall.residuals).toBeAllClose(short.residuals, { atol: 1e-11 });
    expect(reconstruct(tall).data).toBeAllClose(multiply(Q, reconstruct(short)).data, {
      atol: 1e-9,
    });
  });
});
