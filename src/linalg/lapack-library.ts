import { InternalError, NumericError } from "../errors.ts";

/** A routine of LAPACK; every argument is an address, as Fortran has it. */
export type Routine = (...addresses: (ArrayBufferView | null)[]) => void;

/** The routines used (dgemm and dsyrk are BLAS, which every LAPACK stands on), with the number of arguments and how many of them are strings. */
const signatures = {
  dgesdd: [14, 1],
  dsyevd: [11, 2],
  dgeev: [14, 2],
  dgees: [15, 2],
  dgelqf: [8, 0],
  dorglq: [9, 0],
  dpotrf: [5, 1],
  dgemm: [13, 2],
  dsyrk: [10, 2],
} as const;

export type Library = Readonly<Record<keyof typeof signatures, Routine>> & {
  readonly file: string;
};

const candidates: Readonly<Record<string, readonly string[]>> = {
  linux: ["libopenblas.so.0", "libopenblas.so", "liblapack.so.3", "liblapack.so"],
  darwin: ["/System/Library/Frameworks/Accelerate.framework/Accelerate"],
  win32: ["libopenblas.dll"],
};

/**
 * The system's LAPACK through koffi, or null where either is missing: in a browser always. Loaded
 * on first need, since loading starts OpenBLAS's threads.
 */
export function loadLibrary(): Library | null {
  // Not an import: neither a browser nor its bundler may meet the native module.
  const node = globalThis.process?.getBuiltinModule?.("node:module");
  if (node === undefined) return null;
  try {
    const koffi = node.createRequire(import.meta.url)("koffi") as typeof import("koffi");
    for (const file of candidates[process.platform] ?? []) {
      const library = open(koffi, file);
      if (library !== null) return library;
    }
  } catch {
    // koffi is not installed, or has no build for this machine
  }
  return null;
}

function open(koffi: typeof import("koffi"), file: string): Library | null {
  try {
    const loaded = koffi.load(file);
    const routines = Object.entries(signatures).map(([name, [count, strings]]) => {
      // Fortran compilers pass the length of each string, by value, behind the last argument.
      const types = [...Array(count).fill("void *"), ...Array(strings).fill("size_t")];
      const native = loaded.func(`${name}_`, "void", types);
      const lengths = Array(strings).fill(1);
      return [name, (...addresses: unknown[]) => native(...addresses, ...lengths)];
    });
    return { ...Object.fromEntries(routines), file };
  } catch {
    return null;
  }
}

/**
 * An integer by address. LAPACK's are of 32 bits, in some builds of 64: the zero behind the number
 * makes it right for both on a little-endian machine, so that no build reads past the end.
 */
export const integer = (value: number): Int32Array => Int32Array.of(value, value < 0 ? -1 : 0);

/** Room for `count` integers of either size. */
export const integers = (count: number): Int32Array => new Int32Array(2 * count);

/** One letter by address. */
export const letter = (value: string): Uint8Array => Uint8Array.of(value.charCodeAt(0));

/**
 * Runs a routine twice: once to be told how much working memory it wants, once to compute.
 *
 * @throws NumericError  where the routine says that it did not converge
 */
export function withWork(
  name: keyof typeof signatures,
  call: (work: Float64Array, length: Int32Array, info: Int32Array) => void,
): void {
  const wanted = new Float64Array(1);
  const info = integer(0);
  call(wanted, integer(-1), info);
  checkInfo(name, info);
  const length = Math.max(1, Math.ceil(wanted[0]));
  if (!(length < 2 ** 31)) throw new InternalError(`${name} wants ${wanted[0]} numbers to work`);
  call(new Float64Array(length), integer(length), info);
  checkInfo(name, info);
}

/** @throws InternalError  for a refused argument @throws NumericError  for a failed computation */
export function checkInfo(name: string, [info]: Int32Array): void {
  if (info < 0) throw new InternalError(`${name} refuses its argument ${-info}`);
  if (info > 0) throw new NumericError(`LAPACK's ${name} did not converge (info ${info})`);
}
