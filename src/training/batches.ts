import { randomStream } from "../data/random.ts";

/** Rows of the steps of one call: `steps` batches of `size`, row numbers end to end. */
export interface Batches {
  readonly steps: number;
  readonly size: number;
  readonly rows: BigInt64Array;
}

/** The order of an epoch: a permutation that depends on nothing but the seed and the epoch. */
export const epochOrder = (count: number, seed: number, epoch: number): Uint32Array =>
  randomStream(seed, "order", epoch).permutation(count);

/** Steps of an epoch, the last one smaller where the batch does not divide the rows. */
export const stepsPerEpoch = (count: number, batch: number): number => Math.ceil(count / batch);

/**
 * The batches from step `from` of an epoch, at most `limit`; batches of one call have one size, so
 * the smaller last one comes alone.
 */
export function nextBatches(
  order: Uint32Array,
  batch: number,
  from: number,
  limit: number,
): Batches {
  const full = Math.floor(order.length / batch);
  const steps = from < full ? Math.min(limit, full - from) : 1;
  const size = from < full ? batch : order.length - full * batch;
  const start = from * batch;
  return {
    steps,
    size,
    rows: BigInt64Array.from(order.subarray(start, start + steps * size), BigInt),
  };
}
