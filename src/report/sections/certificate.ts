import type { ClaimKind, ModelCertificate } from "../../verification/certificate.ts";
import type { ReportSection, ReportTable } from "../content.ts";

const says: Readonly<Record<ClaimKind, string>> = {
  "unique-equilibrium": "one equilibrium for every input",
  resolvent: "the iteration solves for these weights",
  convergence: "a step of the iteration shrinks the error by this factor or more",
  lipschitz: "outputs per unit of raw input",
};

/** What is proven of the model's file, or why nothing is; no section where its kind has nothing to prove. */
export function certificateSection(
  certificate: ModelCertificate | null,
  refused: string | null,
): ReportSection[] {
  if (certificate === null && refused === null) return [];
  return [
    {
      title: "Certificate",
      paragraphs:
        certificate === null
          ? [`There is no certificate: ${refused}`]
          : [
              "Proven in float64 of the float32 weights in the file, in the Euclidean norm; a bound stands on the safe side of " +
                "what was measured and its rounding margin. The command eigenflow certify proves it again from the file alone.",
            ],
      figures: [],
      tables: certificate === null ? [] : [claimsOf(certificate)],
    },
  ];
}

function claimsOf(certificate: ModelCertificate): ReportTable {
  const table = { name: "certificate", caption: "Claims." };
  if ("claims" in certificate)
    return {
      ...table,
      columns: ["claim", "inequality", "bound", "measured", "rounding margin"],
      rows: certificate.claims.map(({ kind, inequality, bound, measured, roundingMargin }) => [
        says[kind],
        inequality,
        bound,
        measured,
        roundingMargin,
      ]),
    };
  const { layers, output, bound, inequality } = certificate;
  return {
    ...table,
    columns: ["claim", "inequality", "bound"],
    rows: [
      ...layers.map(({ gain }, i) => [`gain ρ of layer ${i}`, "2Λ − SᵀS − ρ⁻²(ΛT)(ΛT)ᵀ ⪰ 0", gain]),
      ["norm of the output layer", "‖W‖₂", output],
      ["outputs per unit of raw input", inequality, bound],
    ],
  };
}
