import { describe, expect, test } from "vitest";
import { DataError } from "../../src/errors.ts";
import { inequalities, parseCertificate } from "../../src/verification/certificate.ts";
import { certify } from "../../src/verification/certify.ts";
import { network, peacemanRachford } from "./networks.ts";

const certificate = certify(network({ standardised: true }), { ...peacemanRachford, m: 1 });
const [unique, resolvent, convergence, lipschitz] = certificate.claims;
const claiming = (...claims: unknown[]) => ({ ...certificate, claims });

describe("parseCertificate", () => {
  test("returns what certify made, by way of JSON", () => {
    expect(parseCertificate(JSON.parse(JSON.stringify(certificate)))).toEqual(certificate);
  });

  test("of forward–backward only the claim of convergence may be absent", () => {
    const { R: _, ...tensors } = network();
    const forward = { activation: "relu", splitting: "forward-backward", alpha: 9 } as const;
    const made = certify(tensors, { ...forward, m: 1 });
    expect(parseCertificate(made)).toEqual(made);
    expect(() => parseCertificate({ ...made, claims: made.claims.slice(0, 1) })).toThrow(
      'claim "lipschitz" is missing',
    );
  });

  test.each<[string, unknown, string]>([
    ["no object", null, "certificate: "],
    ["another schema", { ...certificate, schema: "eigenflow/certificate@2" }, "certificate.schema"],
    ["another model", { ...certificate, model: "mlp" }, "certificate.model"],
    ["an unknown key", { ...certificate, note: "" }, '"note"'],
    [
      "an unknown key in a claim",
      claiming({ ...unique, waived: true }, resolvent, convergence, lipschitz),
      "certificate.claims[0]",
    ],
    [
      "an unknown activation",
      { ...certificate, iteration: { ...certificate.iteration, activation: "gelu" } },
      "certificate.iteration.activation",
    ],
    ["an unknown claim", claiming({ ...unique, kind: "robust" }), "certificate.claims[0].kind"],
    [
      "NaN",
      claiming({ ...unique, bound: NaN }, resolvent, convergence, lipschitz),
      "certificate.claims[0].bound",
    ],
    [
      "null for a number, as JSON has NaN",
      claiming(unique, resolvent, convergence, { ...lipschitz, bound: null }),
      "certificate.claims[3].bound",
    ],
    [
      "an m that claims nothing",
      claiming({ ...unique, bound: 0 }, resolvent, convergence, lipschitz),
      "certificate.claims[0].bound",
    ],
    [
      "a rate that claims nothing",
      claiming(unique, resolvent, { ...convergence, bound: 1 }, lipschitz),
      "certificate.claims[2].bound",
    ],
    [
      "an inequality of its own",
      claiming({ ...unique, inequality: "m > 0" }, resolvent, convergence, lipschitz),
      "certificate.claims[0].inequality",
    ],
    [
      "the inequality of another splitting",
      claiming(unique, resolvent, { ...convergence, inequality: inequalities.forward }, lipschitz),
      "says nothing of peaceman-rachford",
    ],
    ["a claim made twice", claiming(unique, unique), 'claim "unique-equilibrium" is made twice'],
    ["a claim left out", claiming(unique, lipschitz), 'claim "resolvent" is missing'],
    ["no claims", claiming(), 'claim "unique-equilibrium" is missing'],
  ])("refuses %s", (_, json, message) => {
    expect(() => parseCertificate(json)).toThrow(DataError);
    expect(() => parseCertificate(json)).toThrow(message);
  });

  test("takes one without a rate, of a solver that is not the splitting as it is", () => {
    const json = claiming(unique, resolvent, lipschitz);
    expect(parseCertificate(json).claims).toHaveLength(3);
  });
});
