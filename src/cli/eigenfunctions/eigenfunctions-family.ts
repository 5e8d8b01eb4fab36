import { activationOf } from "../../eigenfunctions/activation.ts";
import { type Coordinate, coordinateOf } from "../../eigenfunctions/coordinate.ts";
import { type FamilySystem, familyOf } from "../../eigenfunctions/families.ts";
import { type RecurrentWeights, readBeside } from "../../eigenfunctions/weights/read.ts";
import { CertificateError, UsageError } from "../../errors.ts";
import { short } from "../output/numbers.ts";
import type { Outcome } from "../output/output.ts";
import { type EigenfunctionFlags, numberOf, vector } from "./eigenfunctions-input.ts";

/**
 * `--family`, `--zeta`, `--rates`: the networks of the theorem beyond ζ(x) = x − θ, with the hypothesis
 * ζ′ ≠ 0 checked on the domain. h may be any function, so that only W, ζ and c are asked for.
 */
export async function readFamily(
  path: string,
  { W, source }: RecurrentWeights,
  flags: EigenfunctionFlags,
): Promise<Outcome> {
  refuseOthers(flags);
  const kind = flags.family ?? (flags.rates === undefined ? "1" : "2");
  if (kind === "2" && flags.rates === undefined)
    throw new UsageError("--family 2 has rates c: ẋ_i = (−c_i + Σ W_ij h_j)/ζ_i′", "--rates FILE");
  if (kind === "1" && flags.rates !== undefined)
    throw new UsageError("--rates are of --family 2: the first has −ζ_i(x_i) in their place");
  const zeta = coordinateOf(flags.zeta ?? "identity");
  const domain = domainOf(flags.domain, zeta);
  const N = W.rows;
  const sigma = activationOf(flags.activation ?? "tanh").value;
  const system: FamilySystem = {
    W,
    zeta: Array<Coordinate>(N).fill(zeta),
    h: (x) => x.map(sigma),
    domain: Array.from({ length: N }, () => domain),
    ...(flags.rates !== undefined && {
      c: vector(await readBeside(path, flags.rates, "--rates"), "--rates"),
    }),
  };
  const { functions, hypotheses, rank, singularValues, constants } = familyOf(system);
  const [hypothesis] = hypotheses;
  const phi = kind === "1" ? "uᵀζ(x)" : "exp(uᵀζ(x))";
  const few = N * functions.length <= 20_000;
  const text = [
    functions.length > 0
      ? `EXACT  ${functions.length} eigenfunction${functions.length === 1 ? "" : "s"} φ(x) = ${phi}, for every h`
      : `NONE  W has full rank ${N}`,
    "",
    `read as   dx_i/dt = (−${kind === "1" ? "ζ(x_i)" : "c_i"} + Σ W_ij h_j(x))/ζ′(x_i), ζ = ${zeta.name} on (${domain.join(", ")})`,
    `ζ′ ≠ 0    ${hypothesis.holds}${hypothesis.least === null ? "" : `: least |ζ′| ${short(hypothesis.least)} at ${hypothesis.points} points`}`,
    `weights   ${source}: ${N} units, rank ${rank}`,
    ...functions
      .slice(0, 6)
      .map(
        ({ u, eigenvalue }, i) =>
          `φ${i + 1}        λ = ${short(eigenvalue, 6)}, u = (${vectorText(u)})`,
      ),
    ...(constants.length > 0
      ? [`constant  ${constants.length} of the exp(uᵀζ) with uᵀc = 0`]
      : kind === "1" && functions.length > 1
        ? [
            `constant  ${functions.length === 2 ? "φ2/φ1" : `${functions.length - 1} ratios, φ2/φ1 to φ${functions.length}/φ1`}`,
          ]
        : []),
  ];
  return {
    document: {
      source,
      family: {
        kind: Number(kind),
        zeta: zeta.name,
        domain: domain.map((end) => (Number.isFinite(end) ? end : null)),
        hypothesis,
        units: N,
        rank,
        singularValues: Array.from(singularValues),
        functions: functions.map(({ u, eigenvalue }) => ({
          eigenvalue,
          u: few ? Array.from(u) : null,
        })),
        constants: few ? constants.map((u) => Array.from(u)) : [],
      },
    },
    text: text.join("\n"),
    ...(functions.length === 0 && {
      failure: new CertificateError(
        `W has full rank ${N}: there is no exact eigenfunction of this kind; its least singular value is ${short(singularValues[N - 1])}`,
      ),
    }),
  };
}

const vectorText = (u: Float64Array) =>
  [...u.slice(0, 6)].map((value) => short(value)).join(", ") + (u.length > 6 ? ", …" : "");

/** What belongs to the network of ζ = x − θ is refused, not ignored. */
function refuseOthers(flags: EigenfunctionFlags): void {
  const foreign = (
    [
      "bias",
      "input",
      "leak",
      "decay",
      "discrete",
      "form",
      "approximate",
      "tolerance",
      "out",
    ] as const
  ).find((name) => flags[name] !== undefined);
  if (foreign !== undefined)
    throw new UsageError(`--${foreign} is no option beside --family, --zeta or --rates`);
}

function domainOf(text: string | undefined, { domain }: Coordinate): readonly [number, number] {
  if (text === undefined) return domain;
  const ends = text
    .split(",")
    .map((end) =>
      /^-?inf$/i.test(end.trim())
        ? end.includes("-")
          ? -Infinity
          : Infinity
        : numberOf("--domain", end),
    );
  if (ends.length !== 2) throw new UsageError(`--domain ${text}: two ends are wanted, as in 0,inf`);
  return [ends[0], ends[1]];
}
