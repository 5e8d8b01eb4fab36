import { howObserved, type ObservedGain } from "../../identification/step-observed.ts";
import type { RenCertificate } from "../../verification/ren-certificate.ts";
import { inWords } from "../builders/words.ts";
import type { ReportSection } from "../content.ts";

/** Gains between standardised signals, on both sides of the true one. */
export interface Gains {
  readonly observed: ObservedGain;
  readonly units: number; // what a bound is multiplied by in the units of the data
  readonly norm: { readonly lower: number; readonly upper: number } | null; // of the linear model
}

/** What is proven of an identified model, beside what is attained; or why nothing is. */
export function renCertificateSection(
  certificate: RenCertificate | null,
  what: string,
  { observed, units, norm }: Gains,
): ReportSection {
  const bound = certificate?.guarantee.kind === "lipschitz" ? certificate.guarantee.gamma : null;
  const gains: (string | number | null)[][] = [
    ...(bound === null ? [] : [[`certified bound of ${what}`, bound, bound * units]]),
    ...(observed.by === "norm"
      ? []
      : [[`attained by ${what}, ${howObserved(observed)}`, observed.gain, observed.inUnits]]),
    ...(norm === null ? [] : [["H∞ norm of the linear model", norm.upper, norm.upper * units]]),
  ];
  return {
    title: "Certificate",
    paragraphs: [
      certificate === null
        ? "Nothing is proven: the model is unstable, so that nothing contracts."
        : "Proven in float64 of the float32 weights in the file, for every activation with slopes from 0 to 1. The command " +
          "eigenflow certify proves it again from the file alone.",
      gainSentence(observed, bound),
    ],
    figures: [],
    tables: [
      ...(certificate === null ? [] : [claims(certificate)]),
      {
        name: "gains",
        caption:
          "Gains ‖Δy‖ ≤ γ ‖Δu‖ over any time from equal states, signals divided by their standard deviations; and in the units " +
          "of the data: of several signals a bound takes the largest scale of an output over the smallest of an input, what is " +
          "attained the opposite.",
        columns: ["gain", "standardised", "in units of the data"],
        rows: gains,
      },
    ],
  };
}

/** What is known of the gain from below and from above. */
function gainSentence(observed: ObservedGain, bound: number | null): string {
  const { gain, by } = observed;
  if (by === "norm") return `Its largest gain is its H∞ norm, ${inWords(gain)}.`;
  const how = `${by === "search" ? "attained " : "that "}${howObserved(observed)}`;
  return bound === null
    ? `No bound of the gain was asked for (--lipschitz). It is at least ${inWords(gain)}, ${how}.`
    : `The gain lies between ${inWords(gain)}, ${how}, and ${inWords(bound, 6)}, which is proven: ` +
        `${inWords((100 * gain) / bound)} % of the bound are attained.`;
}

function claims(certificate: RenCertificate) {
  const { rate, overshoot, guarantee, measured, roundingMargin } = certificate;
  const gamma = guarantee.kind === "lipschitz" ? guarantee.gamma : null;
  return {
    name: "certificate",
    caption:
      "Claims, and the inequality that proves them: V(Δx⁺) ≤ ᾱ² V(Δx) + s with V(Δx) = Δxᵀ𝒫Δx, " +
      `${gamma === null ? "s = 0 for equal inputs," : "s = γ‖Δu‖² − ‖Δy‖²/γ,"} ` +
      "holds where the smallest " +
      "eigenvalue of its matrix is above its rounding margin.",
    columns: ["claim", "inequality", "number"],
    rows: [
      ["contraction a sample", "‖Δx_t‖ ≤ c ᾱᵗ ‖Δx₀‖, equal inputs: ᾱ", rate],
      ["overshoot", "c = √cond 𝒫", overshoot],
      ...(gamma === null
        ? []
        : [["Lipschitz bound", "‖Δy‖ ≤ γ ‖Δu‖, equal states: γ", gamma] as const]),
      ["smallest eigenvalue", "λmin", measured],
      ["rounding margin", "of λmin", roundingMargin],
    ],
  };
}
