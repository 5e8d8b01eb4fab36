import { InternalError, NumericError } from "../errors.ts";

/** A routine of LAPACK; every argument is an address, as Fortran has it. */
export type Routine = (...addresses: (ArrayBufferView | null)[]) => void;

/** The routines used (dgemm and dsyrk are BLAS, which every LAPACK stands on), with the number of arguments and how many of them are strings. */
const signatures = {
  dgesdd: [14, 1],
  dsyevd: [11, 2],
  dsytrd: [10, 1],
  dsterf: [4, 0],
  dstemr: [21, 2],
  dormtr: [13, 3],
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
  /** OpenBLAS's number of threads; null in other libraries, which see to it themselves. */
  readonly threads: { readonly get: () => number; readonly set: (count: number) => void } | null;
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
    return { ...Object.fromEntries(routines), threads: threadsOf(loaded), file };
  } catch {
    return null;
  }
}

function threadsOf(loaded: { func(name: string, result: string, types: string[]): unknown }) {
  try {
    const get = loaded.func("openblas_get_num_threads", "int", []) as () => number;
    const set = loaded.func("openblas_set_num_threads", "void", ["int"]) as (n: number) => void;
    return { get, set };
  } catch {
    return null;
  }
}

/**
 * Runs `call` on one thread of OpenBLAS, and leaves it with as many as it had: what takes less than a
 * millisecond or two is done before a second thread has woken up.
 */
export function onOneThread<T>({ threads }: Library, call: () => T): T {
  const count = threads?.get() ?? 1;
  if (threads === null || count <= 1) return call();
  threads.set(1);
  try {
    return call();
  } finally {
    threads.set(count);
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

/** How much working memory a routine asked for, by its name and whatever that depends on. */
const asked = new Map<string, number>();

/** Working memory that the next call takes again, unless it was large. */
let room = new Float64Array(0);
const largestKept = 2 ** 17;

/**
 * Runs a routine with the working memory that it wants: for the first problem of a kind it is run
 * twice, once to be told how much that is.
 *
 * @param kind  what the amount depends on: the sizes, and the options
 * @throws NumericError  where the routine says that it did not converge
 */
export function withWork(
  name: keyof typeof signatures,
  kind: string,
  call: (work: Float64Array, length: Int32Array, info: Int32Array) => void,
): void {
  const info = integer(0);
  const key = `${name} ${kind}`;
  let length = asked.get(key);
  if (length === undefined) {
    const wanted = new Float64Array(1);
    call(wanted, integer(-1), info);
    checkInfo(name, info);
    length = Math.max(1, Math.ceil(wanted[0]));
    if (!(length < 2 ** 31)) throw new InternalError(`${name} wants ${wanted[0]} numbers to work`);
    if (asked.size === 1000) asked.clear();
    asked.set(key, length);
  }
  const work = room.length >= length ? room : new Float64Array(length);
  if (length <= largestKept) room = work;
  call(work, integer(length), info);
  checkInfo(name, info);
}

/** @throws InternalError  for a refused argument @throws NumericError  for a failed computation */
export function checkInfo(name: string, [info]: Int32Array): void {
  if (info < 0) throw new InternalError(`${name} refuses its argument ${-info}`);
  if (info > 0) throw new NumericError(`LAPACK's ${name} did not converge (info ${info})`);
}
