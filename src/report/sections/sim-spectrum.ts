import { nearProjector, type SimReading } from "../../models/sim/reading.ts";
import { simFigure } from "../builders/sim-spectrum.ts";
import { inWords } from "../builders/words.ts";
import type { ReportSection } from "../content.ts";

/** The spectrum that a stable invariant model stands for; no section for other models. */
export function simSection(reading: SimReading | null): ReportSection[] {
  if (reading === null) return [];
  const { modes, rank, surviving, limit, dimension, core } = reading;
  const ones = modes.filter(({ kind }) => kind === "one").length;
  const pairs = modes.filter(({ kind }) => kind !== "one");
  return [
    {
      title: "The spectrum",
      paragraphs: [
        `The limit of one start is a ${limit}: ${surviving} of ${rank} latent coordinates are left in it, and the ` +
          `invariant set has dimension ${dimension}.`,
        `‖VU − I‖ is ${inWords(core.defect)}. At 0 the core UV is a projector, and to apply it twice is to apply it ` +
          "once; model.projector weighs this in the loss.",
        ...(nearProjector(reading)
          ? []
          : [
              "It is no projector: the model is a network with a bottleneck, and that its output is a limit is only " +
                "how it was meant.",
            ]),
      ],
      figures: [simFigure(reading)],
      tables: [
        {
          name: "sim-spectrum",
          caption:
            "Eigenvalues of the dynamics over one unit of time; a pair of conjugates in one row.",
          columns: ["modes", "how many", "|λ|", "angle", "turns", "rate", "in the limit"],
          rows: [
            ...(ones > 0 ? [["λ = 1", ones, 1, 0, 0, 0, "left"]] : []),
            ...pairs.map(({ kind, modulus, angle, rotationNumber, rate, survives }) => [
              kind,
              1,
              modulus,
              angle,
              rotationNumber,
              rate,
              survives ? "left" : "gone",
            ]),
          ],
        },
      ],
    },
  ];
}

/** Where the model comes from. */
export const simReference =
  "T. Konishi, Y. Kawahara (2023): Stable invariant models via Koopman spectra. Neural Networks. arXiv:2207.07475.";

/** The same for a bibliography. */
export const simBibtex = `@article{konishi2023,
  author = {Konishi, T. and Kawahara, Y.},
  title = {Stable invariant models via {K}oopman spectra},
  journal = {Neural Networks}, year = {2023}, note = {arXiv:2207.07475}
}`;
