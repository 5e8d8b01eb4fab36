import type { SimReading } from "../../models/sim/reading.ts";
import type { Figure, Panel } from "../figure.ts";
import { counted, inWords } from "./words.ts";

const real = { label: "real part", scale: "linear" } as const;
const plane = (marks: Panel["marks"], title?: string): Panel => ({
  ...(title !== undefined && { title }),
  x: real,
  y: { label: "imaginary part", scale: "linear" },
  equal: true,
  marks: [{ type: "circle", role: "faint", x: 0, y: 0, r: 1, dash: "dashed" }, ...marks],
});

/** Eigenvalues of a stable invariant model on the unit circle: those of its dynamics, and those of VU. */
export function simFigure({ modes, rank, surviving, core }: SimReading): Figure {
  const lasting = modes.filter(({ survives }) => survives);
  const fading = modes.filter(({ survives }) => !survives);
  const dots = (name: string, role: number, some: typeof modes, filled: boolean) => {
    // A pair is two points; λ = 1 is one.
    const both = some.flatMap(({ kind, modulus, angle }) =>
      (kind === "one" ? [0] : [angle, -angle]).map((at) => ({ modulus, at })),
    );
    return {
      type: "dots" as const,
      role,
      name,
      x: both.map(({ modulus, at }) => modulus * Math.cos(at)),
      y: both.map(({ modulus, at }) => modulus * Math.sin(at)),
      filled: both.map(() => filled),
    };
  };
  const away = core.re.map((re, i) => Math.hypot(re - 1, core.im[i]));
  return {
    schema: "eigenflow/figure@1",
    name: "sim-spectrum",
    title: "Eigenvalues and the unit circle",
    caption:
      "Left: eigenvalues of the dynamics over one unit of time; on the circle (filled) they are left in the limit, " +
      "inside it (hollow) they vanish. Right: eigenvalues of VU, all 1 where UV is a projector.",
    alt:
      `${counted(rank, "latent coordinate")}, of which ${surviving} are left in the limit` +
      `${modes.every(({ kind }) => kind === "one") ? ", all with λ = 1" : `: ${modes.map(modeInWords).join("; ")}`}. ` +
      `The eigenvalues of VU lie at most ${inWords(Math.max(...away))} from 1; ‖VU − I‖ is ${inWords(core.defect)}.`,
    size: "page",
    columns: 2,
    panels: [
      plane(
        [
          dots("left in the limit", 0, lasting, true),
          ...(fading.length > 0 ? [dots("gone in the limit", 1, fading, false)] : []),
        ],
        "the dynamics",
      ),
      plane(
        [{ type: "dots", role: 2, name: "in the core", x: [...core.re], y: [...core.im] }],
        "the core, VU",
      ),
    ],
  };
}

const modeInWords = ({ kind, modulus, angle }: SimReading["modes"][number]) =>
  kind === "one"
    ? "λ = 1"
    : `a pair of modulus ${inWords(modulus)} at the angles ± ${inWords(angle)}`;
