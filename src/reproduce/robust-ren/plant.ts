import type { Experiment } from "../../data/experiment/experiment.ts";
import { applyScaling, fitScaling } from "../../data/experiment/prepare.ts";
import { multisine } from "../../data/systems/inputs.ts";
import { springChain } from "../../data/systems/oscillators.ts";
import { simulateStates, simulateSystem } from "../../data/systems/system.ts";
import type { DataPlan } from "./plan.ts";
import { linearisations, trajectoryGain } from "./plant-gain.ts";

/**
 * Two masses in a row with springs that harden, F = k d + κ d³, hardly damped: at rest the gain is that of
 * the first resonance, and it grows with the amplitude (a hardened oscillator bends its resonance until it
 * jumps), so that no finite bound holds of the plant itself and every bound of a model costs something.
 */
export const plant = springChain({ masses: 2, damping: 0.4, cubic: 5 });
const sampleTime = 0.2;
const noise = 0.005; // 1 % of the output

/** Standardised measurements, and the gain of the plant in the same units. */
export interface PlantData {
  readonly train: Experiment;
  readonly check: Experiment;
  /** At rest, and the largest along the held-out trajectory: ‖Δy‖/‖Δu‖ of small differences. */
  readonly gain: { readonly atRest: number; readonly alongData: number };
}

/** A multisine that excites up to a quarter of the sampling frequency, of rms 1.25, and another to check on. */
export function plantData({ seed, samples, heldOut }: DataPlan): PlantData {
  const measured = (count: number, draw: number) => {
    const u = multisine(count, { low: 0.005, high: 0.25, rms: 1.25, seed: draw });
    return simulateSystem(plant, { u, sampleTime, noise, seed: draw });
  };
  const [train, check] = [measured(samples, 2 * seed), measured(heldOut, 2 * seed + 1)];
  const scaling = fitScaling([train]);
  const units = scaling.inputs.scale[0] / scaling.outputs.scale[0];
  const along = (u: Float64Array, from: number, to: number) => {
    const states = simulateStates(plant, { u: u.subarray(0, to), sampleTime });
    const rest = plant.states.length;
    const part = { states: states.subarray(from * rest), u: u.subarray(from, to), sampleTime };
    return units * trajectoryGain(linearisations(plant, part));
  };
  const window = Math.min(500, Math.floor(heldOut / 3));
  return {
    train: applyScaling(train, scaling),
    check: applyScaling(check, scaling),
    gain: {
      atRest: along(new Float64Array(window), 0, window),
      alongData: Math.max(
        ...[1, 2].map((k) => along(check.u, k * window, Math.min(heldOut, (k + 1) * window))),
      ),
    },
  };
}
