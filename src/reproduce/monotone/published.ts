import type { MonotoneLayer } from "./layer.ts";

interface PublishedCount {
  readonly method: string;
  readonly splitting: "fb" | "pr";
  readonly alpha: (layer: MonotoneLayer) => number;
  /** Iterations to a change of z of 1e-2 / 1e-6. */
  readonly published: string;
}

const fb = (times: number, published: string): PublishedCount => ({
  method: `forward–backward, α = ${times === 1 ? "" : `${times} `}m/L²`,
  splitting: "fb",
  alpha: ({ m, L }) => (times * m) / L ** 2,
  published,
});
const pr = (name: string, alpha: PublishedCount["alpha"], published: string): PublishedCount => ({
  method: `Peaceman–Rachford, α = ${name}`,
  splitting: "pr",
  alpha,
  published,
});
const plain = (published: string): PublishedCount => ({
  method: "plain iteration",
  splitting: "fb",
  alpha: () => 1,
  published,
});
const steps = ["1", "1/2", "1/4", "1/8"] as const;
const prs = (published: readonly string[]) => [
  ...steps.map((name, k) => pr(name, () => 2 ** -k, published[k])),
  pr("1/L", ({ L }) => 1 / L, published[4]),
];

/** Iterations on one layer n = 87, ReLU, A and B from N(0, 1/n), as the methods page measured them. */
export const publishedCounts: readonly { m: number; counts: readonly PublishedCount[] }[] = [
  {
    m: 1,
    counts: [
      fb(1, "34/190"),
      fb(1.9, "24/104"),
      fb(4, "15/53"),
      fb(8, "11/35"),
      fb(16, "fails"),
      ...prs(["9/26", "6/15", "7/20", "11/35", "8/24"]),
      plain("diverges"),
    ],
  },
  {
    m: 0.1,
    counts: [
      fb(1, "85/2628"),
      fb(1.9, "77/1478"),
      fb(4, "62/755"),
      fb(8, "49/402"),
      fb(16, "37/216"),
      ...prs(["12/32", "10/30", "14/47", "19/84", "14/50"]),
      plain("diverges"),
    ],
  },
];

/** Winston & Kolter (2020), MNIST, mean of three runs; one epoch: the notebook of their repository. */
export const publishedAccuracy = { dense: 98.1, conv: 99.1, oneEpoch: 100 - 5.57 } as const;

/** Pabbaraju, Winston & Kolter (2021): width 40, m = 20. */
export const publishedLipschitz = { bound: 3.837, error: 4.4 } as const;
