import { refuseUnknown } from "../../errors/suggest.ts";
import { positive } from "./parameters.ts";
import type { PhysicalSystem } from "./system.ts";

export interface WienerHammersteinParameters {
  readonly first?: number; // Hz, the corner of the filter before the nonlinearity
  readonly second?: number; // Hz, of the one behind
  readonly clip?: number; // above which the diode conducts
}

/**
 * A linear filter, a static nonlinearity and a second linear filter in a row, both filters of third
 * order (Butterworth, static gain 1), the nonlinearity a diode with a resistor, which passes what is
 * below its threshold and a fifth of what is above, with a smooth knee of width 0.1:
 *
 *     v = G₁ u,   w = v − 0.8 · 0.1 · log(1 + exp((v − clip)/0.1)),   y = G₂ w
 *
 * In the manner of the benchmark of Schoukens, Suykens & Ljung (2009); not its data.
 */
export function wienerHammerstein(parameters: WienerHammersteinParameters = {}): PhysicalSystem {
  refuseUnknown("wienerHammerstein", parameters, ["first", "second", "clip"]);
  const { first = 4, second = 5, clip = 0.4 } = parameters;
  positive("wienerHammerstein", { first, second });
  const [w1, w2] = [2 * Math.PI * first, 2 * Math.PI * second];
  return {
    name: "Wiener-Hammerstein",
    inputs: ["u"],
    outputs: ["y"],
    states: ["v", "v'", "v''", "y", "y'", "y''"],
    rate([v, dv, ddv, y, dy, ddy], [u]) {
      // states scaled by the corner, so that each is of the size of the signal
      return Float64Array.of(
        w1 * dv,
        w1 * ddv,
        w1 * (u - v - 2 * dv - 2 * ddv),
        w2 * dy,
        w2 * ddy,
        w2 * (diode(v, clip) - y - 2 * dy - 2 * ddy),
      );
    },
    output: ([, , , y]) => Float64Array.of(y),
    rest: new Float64Array(6),
    step: 0.05 / Math.max(w1, w2),
  };
}

/** The nonlinearity: slope 1 far below `clip`, 0.2 far above. */
export function diode(v: number, clip: number): number {
  const z = (v - clip) / 0.1;
  const softplus = z > 30 ? z : Math.log1p(Math.exp(z));
  return v - 0.08 * softplus;
}
