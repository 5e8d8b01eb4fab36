import { expect } from "vitest";

/** |a − b| ≤ atol + rtol |b|, entry by entry; the message names the worst entry and the limit. */
expect.extend({
  toBeAllClose(
    received: ArrayLike<number>,
    expected: ArrayLike<number>,
    { rtol = 1e-9, atol = 1e-12 } = {},
  ) {
    if (received.length !== expected.length) {
      return {
        pass: false,
        message: () => `${received.length} numbers where ${expected.length} were expected`,
      };
    }
    let worst = { excess: -Infinity, index: -1, limit: 0 };
    for (let i = 0; i < expected.length; i++) {
      const [a, b] = [Number(received[i]), Number(expected[i])];
      const limit = atol + rtol * Math.abs(b);
      const difference = Object.is(a, b) ? 0 : Math.abs(a - b);
      const excess = Number.isNaN(difference) ? Infinity : difference - limit;
      if (excess > worst.excess) worst = { excess, index: i, limit };
    }
    const { index, excess, limit } = worst;
    return {
      pass: expected.length === 0 || excess <= 0,
      message: () =>
        `entry ${index}: ${received[index]} against ${expected[index]}, ` +
        `difference ${excess + limit}, limit ${limit}`,
    };
  },
});

interface CloseMatchers<R> {
  toBeAllClose(expected: ArrayLike<number>, tolerance?: { rtol?: number; atol?: number }): R;
}

declare module "vitest" {
  interface Matchers<T> extends CloseMatchers<T> {}
}
