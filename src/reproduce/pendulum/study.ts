import type { Reproduced, ReproduceOptions, Reproduction } from "../reproduction.ts";
import { storedIn } from "../stored.ts";
import { contractionAngle, metricExists } from "./contraction.ts";
import { type Counted, evaluationCounts } from "./evaluations.ts";
import { pendulumFigures } from "./figures.ts";
import { contestLines, physicsLines } from "./lines.ts";
import { type Physics, physicsOf } from "./physics.ts";
import { planOf, type StudyPlan } from "./plan.ts";
import { type DrivenResult, drivenRun, type SwingResult, swingRun } from "./run.ts";
import { physicsLoss, swings } from "./swings.ts";
import { pendulumSections } from "./tables.ts";

/** φ_max of a pendulum by formula, and whether a search for a metric agrees a degree below and above. */
export interface Region {
  readonly what: string;
  readonly published: string; // degrees
  readonly angle: number; // degrees
  readonly below: boolean;
  readonly above: boolean;
}

/** Everything that was computed. */
export interface PendulumResults {
  readonly physics: Physics;
  readonly regions: readonly Region[];
  readonly counts: readonly Counted[];
  readonly runs: readonly SwingResult[];
  readonly driven: readonly DrivenResult[];
  /** Loss of the true equations from the measured starts of the main setting. */
  readonly startLoss: number;
}

export const pendulumStudy: Reproduction = {
  name: "pendulum",
  title: "The pendulum: its linear form, and models identified from noisy swings",
  about:
    "The pendulum of the lecture by D. Frank (2023) with its errata corrected, and the small pendulum of Martinelli et al. (2023, arXiv:2304.02976): a contracting REN in discrete and in continuous time, a linear model, an LSTM and a neural ODE, trained alike on the same noisy data. No tuning beyond the step to stop at and, in full, the learning rate, both chosen on validation data; quick trains at 3e-2, which was chosen of two by looking at its results.",
  seed: 1,
  run: async ({ preset, seed, folder, progress }) =>
    pendulumResults(planOf(preset, seed), { seed, folder, progress }),
};

/** The study of a plan. Runs are kept one by one; the rest takes a second. */
export async function pendulumResults(
  plan: StudyPlan,
  { seed, folder, progress }: Omit<ReproduceOptions, "preset">,
): Promise<Reproduced> {
  const found = await computed(plan, { seed, folder, progress });
  return {
    lines: [...physicsLines(found), ...contestLines(found)],
    sections: pendulumSections(found),
    figures: pendulumFigures(found),
    data: found,
  };
}

async function computed(
  { runs, driven }: StudyPlan,
  { seed, folder, progress }: Omit<ReproduceOptions, "preset">,
): Promise<PendulumResults> {
  progress("the lecture's matrices and counts");
  const physics = physicsOf(seed);
  const counts = await evaluationCounts();
  const kept = storedIn<SwingResult | DrivenResult>(folder);
  const part = async <P, R extends SwingResult | DrivenResult>(
    name: string,
    one: P,
    compute: (plan: P) => Promise<R>,
  ): Promise<R> => {
    const before = kept.read(name, one) as R | null;
    if (before !== null) return before;
    progress(name);
    const result = await compute(one);
    kept.write(name, result);
    return result;
  };
  const swung: SwingResult[] = [];
  for (const [i, one] of runs.entries()) {
    const { model, swing, seed: drawn, sampling } = one;
    const setting = `${swing.damping}-${swing.noise}-seed-${drawn}-sampling-${sampling}`;
    const name = `${i + 1}-of-${runs.length}-${model.replace(" ", "-")}-${setting}`;
    swung.push(await part(name, one, swingRun));
  }
  const turned: DrivenResult[] = [];
  for (const one of driven)
    turned.push(await part(`driven-${one.model.replace(" ", "-")}`, one, drivenRun));
  const { swing, seed: first } = runs[0];
  const test = swings(swing, "test", swing.test, swing.testSamples, first);
  return {
    physics,
    regions: regions(),
    counts,
    runs: swung,
    driven: turned,
    startLoss: physicsLoss(swing, test),
  };
}

const pendulums = [
  { what: "lecture, μ/(ml²) = 0.9", published: "59.5", stiffness: 9.81, damping: 0.9 },
  { what: "μ/(ml²) = 0.2", published: "28.8", stiffness: 9.81, damping: 0.2 },
  { what: "l = 0.5, β = 1.5", published: "64.1", stiffness: 9.81 / 0.5, damping: 1.5 },
];

function regions(): Region[] {
  const degree = Math.PI / 180;
  return pendulums.map(({ what, published, ...hanging }) => {
    const angle = contractionAngle(hanging);
    return {
      what,
      published,
      angle: angle / degree,
      below: metricExists(hanging, angle - degree),
      above: metricExists(hanging, angle + degree),
    };
  });
}
