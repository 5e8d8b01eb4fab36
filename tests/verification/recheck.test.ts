import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CertificateError } from "../../src/errors.ts";
import { identity, scale, subtract, symmetricPart } from "../../src/linalg/matrix.ts";
import { symmetricEigen } from "../../src/linalg/symmetric.ts";
import { parseCertificate } from "../../src/verification/certificate.ts";
import { certify } from "../../src/verification/certify.ts";
import { recheck, requireHolds } from "../../src/verification/recheck.ts";
import {
  changed,
  network,
  nextFloat32,
  peacemanRachford,
  stored,
  type Tensors,
  widened,
} from "./networks.ts";

const n = 12;
const tensors = network({ n, m: 0.5, seed: 4, standardised: true });
const certificate = certify(tensors, { ...peacemanRachford, m: 0.5 });
const failing = (now: Tensors) =>
  recheck(certificate, now).flatMap(({ kind, holds }) => (holds ? [] : [kind]));

const scaled = (name: string, factor: number): Tensors => ({
  ...tensors,
  [name]: stored(scale(widened(tensors[name]), factor), tensors[name].shape),
});

/** The unit whose self-weight the monotonicity depends on most. */
const weakest = (() => {
  const { vectors } = symmetricEigen(subtract(identity(n), symmetricPart(widened(tensors.W))));
  const squares = Array.from({ length: n }, (_, i) => vectors.data[i * n] ** 2);
  return squares.indexOf(Math.max(...squares));
})();

describe("recheck", () => {
  test("every claim holds of the weights that were certified, read back from JSON", () => {
    const read = parseCertificate(JSON.parse(JSON.stringify(certificate)));
    const verification = recheck(read, tensors);
    expect(verification.map(({ kind }) => kind)).toEqual(
      certificate.claims.map(({ kind }) => kind),
    );
    for (const { holds, margin, claimed } of verification) {
      expect(holds).toBe(true);
      expect(margin).toBeGreaterThan(0);
      expect(margin).toBeLessThan(2e-5 * Math.max(1, claimed));
    }
    requireHolds(verification);
  });

  test("a self-weight raised breaks uniqueness, and what follows from it", () => {
    const now = changed(tensors, "W", weakest * (n + 1), (w) => w + 1e-3);
    expect(failing(now)).toEqual(["unique-equilibrium", "resolvent", "lipschitz"]);
  });

  test("a self-weight raised by far proves nothing: no bound is found", () => {
    const verification = recheck(
      certificate,
      changed(tensors, "W", weakest * (n + 1), (w) => w + 9),
    );
    expect(verification[0].found).toBeLessThan(0);
    expect(verification[3]).toMatchObject({ kind: "lipschitz", holds: false, found: Infinity });
    expect(verification[3].sentence).toContain("found unbounded");
  });

  test("a self-weight lowered keeps uniqueness; R then belongs to another W", () => {
    expect(failing(changed(tensors, "W", 0, (w) => w - 1e-3))).toContain("resolvent");
    expect(failing(changed(tensors, "W", 0, (w) => w - 1e-3))).not.toContain("unique-equilibrium");
  });

  test("R alone changed no longer belongs to W", () => {
    const kinds = failing(changed(tensors, "R", 5, (r) => r + 1e-4));
    expect(kinds).toContain("resolvent");
    expect(kinds).not.toContain("unique-equilibrium");
  });

  test("R alone scaled up no longer contracts", () => {
    const kinds = failing(scaled("R", 1.05));
    expect(kinds).toContain("convergence");
    expect(kinds).toContain("resolvent");
  });

  test.each(["W_o", "U"])("%s scaled breaks the Lipschitz bound and nothing else", (name) => {
    expect(failing(scaled(name, 1.001))).toEqual(["lipschitz"]);
  });

  test("a smaller input scale breaks the Lipschitz bound", () => {
    expect(failing(scaled("input.scale", 0.99))).toEqual(["lipschitz"]);
  });

  test.each(["b", "b_o"])("%s that is no number is refused, any other is left alone", (name) => {
    expect(name in tensors).toBe(true);
    expect(failing(changed(tensors, name, 2, (x) => x + 1))).toEqual([]);
    expect(() => failing(changed(tensors, name, 2, () => NaN))).toThrow(
      `tensor "${name}": entry 2 is NaN`,
    );
  });

  test("one weight moved to the next float32 breaks nothing", () => {
    const names = ["W", "R", "U", "W_o", "input.scale"];
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.nat(1e6),
        fc.constantFrom(0.01, 0.5, 20),
        fc.constantFrom(0.25, 1, 3),
        (name, draw, m, alpha) => {
          const before = network({ n, m, alpha, seed: draw % 7, standardised: true });
          const issued = certify(before, { ...peacemanRachford, alpha, m });
          const after = changed(before, name, draw % before[name].data.length, nextFloat32);
          requireHolds(recheck(issued, after));
        },
      ),
      { seed: 10, numRuns: 150 },
    );
  });

  test("an edited claim is measured against the weights", () => {
    const claims = certificate.claims.map((claim) =>
      claim.kind === "lipschitz" ? { ...claim, bound: claim.bound / 2 } : claim,
    );
    const verification = recheck({ ...certificate, claims }, tensors);
    expect(verification.map(({ holds }) => holds)).toEqual([true, true, true, false]);
  });

  test("an edited α is told by R", () => {
    const iteration = { ...peacemanRachford, alpha: 2 };
    const verification = recheck({ ...certificate, iteration }, tensors);
    expect(verification[1]).toMatchObject({ kind: "resolvent", holds: false });
  });

  test("requireHolds names the inequality, what was claimed and what was found", () => {
    const now = changed(tensors, "W", weakest * (n + 1), (w) => w + 1);
    const verification = recheck(certificate, now);
    const { claimed, found } = verification[0];
    expect(() => requireHolds(verification)).toThrow(CertificateError);
    expect(() => requireHolds(verification)).toThrow(
      `unique-equilibrium FAILS: λmin(I − (W + Wᵀ)/2) ≥ m > 0: claimed ${claimed}, ` +
        `found ${Number(found.toPrecision(9))}`,
    );
  });
});
