import { refuseUnknown } from "../../errors/suggest.ts";
import { UsageError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import type { Values } from "../../graph/ops/control.ts";
import {
  add,
  cast,
  cos,
  div,
  exp,
  floor,
  maximum,
  mul,
  neg,
  sin,
  softplus,
  sqrt,
  square,
  sub,
} from "../../graph/ops/elementwise.ts";
import { concat, reshape, split, zerosLike } from "../../graph/ops/movement.ts";
import { tensorOf } from "../../graph/tensor.ts";
import type { Parameters } from "../model.ts";

/** The spectrum of a model's dynamics in its latent coordinates, and where training starts from. */
export interface Modes {
  /** Coordinates with λ = 1: what is conserved, such as the parameter that an equilibrium depends on. */
  readonly ones?: number;
  /** Angles ω to start from, in radians per unit of time: pairs of coordinates with λ = e^{iω}. */
  readonly rotations?: readonly number[];
  /** Pairs with λ = e^{−r + iω}, r > 0: gone in the limit. */
  readonly decaying?: readonly { readonly rate: number; readonly angle: number }[];
  /**
   * Whether the pairs of rotations are brought to length 1, so that the limit is one torus for all
   * starts; otherwise each start keeps the radii that it has.
   */
  readonly unit?: boolean;
}

/** @throws UsageError */
export function checkModes(modes: Modes): Required<Modes> {
  refuseUnknown("modes", modes, ["ones", "rotations", "decaying", "unit"]);
  const { ones = 0, rotations = [], decaying = [], unit = false } = modes;
  if (!(Number.isInteger(ones) && ones >= 0))
    throw new UsageError(`modes: ones = ${ones} is no whole number`);
  const angles = [...rotations, ...decaying.map(({ angle }) => angle)];
  const bad = angles.find((angle) => !Number.isFinite(angle));
  if (bad !== undefined) throw new UsageError(`modes: an angle of ${bad}`);
  const slow = decaying.find(({ rate }) => !(rate > 0 && Number.isFinite(rate)));
  if (slow)
    throw new UsageError(`modes: a rate of decay of ${slow.rate}`, "a positive one is wanted");
  if (ones + rotations.length + decaying.length === 0)
    throw new UsageError("modes: none at all", "give ones, rotations or decaying");
  return { ones, rotations, decaying, unit };
}

/** k, the number of latent coordinates. */
export const latentSize = ({ ones, rotations, decaying }: Required<Modes>): number =>
  ones + 2 * rotations.length + 2 * decaying.length;

const list = (numbers: readonly number[]) => tensorOf(Float32Array.from(numbers), [numbers.length]);

/** Angles, and decays as s with r = softplus(s), which keeps them positive. */
export function modeParameters({ rotations, decaying }: Required<Modes>): Parameters {
  return {
    ...(rotations.length > 0 && { "rotation.angle": list(rotations) }),
    ...(decaying.length > 0 && {
      "decay.angle": list(decaying.map(({ angle }) => angle)),
      // The inverse of softplus, without overflow: ln(eʳ − 1) = r + ln(1 − e⁻ʳ).
      "decay.raw": list(decaying.map(({ rate }) => rate + Math.log1p(-Math.exp(-rate)))),
    }),
  };
}

/** Latent coordinates by kind; a pair's two are x + iy. */
export interface Latent {
  readonly ones?: Value; // [N, ones]
  readonly rotating?: readonly [Value, Value]; // each [N, q]
  readonly decaying?: readonly [Value, Value]; // each [N, d]
}

/** Coordinates c [N, k] by kind, those of rotations on the unit circle where that is asked for. */
export function latentOf({ ones, rotations, decaying, unit }: Required<Modes>, c: Value): Latent {
  const [q, d] = [rotations.length, decaying.length];
  const sizes = [ones, q, q, d, d];
  const parts = split(
    c,
    1,
    sizes.filter((size) => size > 0),
  );
  let next = 0;
  const [still, x, y, u, v] = sizes.map((size) => (size > 0 ? parts[next++] : undefined));
  return {
    ...(still && { ones: still }),
    ...(x && y && { rotating: unit ? onCircle(x, y) : [x, y] }),
    ...(u && v && { decaying: [u, v] }),
  };
}

function onCircle(x: Value, y: Value): readonly [Value, Value] {
  const radius = sqrt(maximum(add(square(x), square(y)), 1e-12));
  return [div(x, radius), div(y, radius)];
}

/** Λᵗ c for times t [N, 1]: pairs turned by ωt, decaying ones shrunk by e^{−rt} as well. */
export function advanced(p: Values, { ones, rotating, decaying }: Latent, t: Value): Latent {
  return {
    ...(ones && { ones }),
    ...(rotating && { rotating: turned(rotating, phase(t, p["rotation.angle"])) }),
    ...(decaying && {
      decaying: turned(decaying, phase(t, p["decay.angle"])).map((v) =>
        mul(v, exp(neg(mul(t, softplus(p["decay.raw"]))))),
      ) as unknown as readonly [Value, Value],
    }),
  };
}

/** What is left as t → ∞, at the phase it has: decaying coordinates are 0. */
export const inTheLimit = (latent: Latent): Latent => ({
  ...latent,
  ...(latent.decaying && {
    decaying: latent.decaying.map(zerosLike) as unknown as readonly [Value, Value],
  }),
});

/** The coordinates [N, k] again, in the order of `latentOf`. */
export const joined = ({ ones, rotating, decaying }: Latent): Value =>
  concat([...(ones ? [ones] : []), ...(rotating ?? []), ...(decaying ?? [])], 1);

const turned = ([x, y]: readonly [Value, Value], angle: Value): readonly [Value, Value] => {
  const [c, s] = [cos(angle), sin(angle)];
  return [sub(mul(x, c), mul(y, s)), add(mul(x, s), mul(y, c))];
};

/** ωt modulo 2π [N, q], reduced in float64: float32 would lose a late time's phase. */
function phase(t: Value, angles: Value): Value {
  const row = reshape(cast(angles, "float64"), [1, Number(angles.shape[0])]);
  const turns = mul(mul(cast(t, "float64"), row), 1 / (2 * Math.PI));
  return cast(mul(sub(turns, floor(turns)), 2 * Math.PI), angles.dtype);
}
