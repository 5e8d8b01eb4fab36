import type { Identified } from "../../identification/identify.ts";
import { linearised } from "../../identification/linearise.ts";
import { type StepModel, stepPredictor } from "../../identification/step-model.ts";
import { stepResponse } from "../../lti/response.ts";
import { isStable, poles } from "../../lti/state-space.ts";
import { frequencyFigure, polesFigure, type StepCurve, stepFigure } from "../builders/responses.ts";
import { singularValuesFigure } from "../builders/series.ts";
import { counted, inWords } from "../builders/words.ts";
import type { ReportSection } from "../content.ts";

/** How the order of the linear model was chosen. */
export function orderSection({ order, singularValues, tried }: Identified): ReportSection {
  const values = Array.from(singularValues).slice(0, 24);
  const usable = values.every(Number.isFinite) && values.some((value) => value > 0);
  const best = tried.reduce<(typeof tried)[number] | null>(
    (a, b) => (a === null || b.criterion < a.criterion ? b : a),
    null,
  );
  return {
    title: "Order",
    paragraphs: [
      best === null
        ? `The order, ${order}, was given.`
        : `Of ${counted(tried.length, "order")} tried, ${order} has the smallest value of Schwarz's criterion` +
          `${best.order === order ? "" : ` among those allowed (${best.order} would be smaller)`}.`,
    ],
    figures: usable
      ? [
          singularValuesFigure({
            name: "order",
            title: "Singular values of the subspace method",
            of: "the subspace method, signal over noise of each direction of state",
            values,
            rank: order,
          }),
        ]
      : [],
    tables:
      tried.length === 0
        ? []
        : [
            {
              name: "orders",
              caption:
                "Orders tried: mean square of the simulation error, outputs of root mean square 1, and the criterion.",
              columns: ["order", "mean square error", "criterion"],
              rows: tried.map(({ order, meanSquare, criterion }) => [order, meanSquare, criterion]),
            },
          ],
  };
}

/** Poles, step and frequency response of the linear model, and of the network where it rests. */
export function dynamicsSection(linear: Identified, model: StepModel): ReportSection {
  const { inputs, outputs, sampleTime, tensors } = model;
  const numbers = (name: string) => Float64Array.from(tensors[name].data, Number);
  const [mean, size] = [numbers("u.mean"), numbers("u.scale")];
  const predictor = model.kind === "ren" ? stepPredictor(model) : null;
  const rest = predictor && linearised(predictor, mean, size);
  const { system } = linear.model;
  const systems = [
    { name: "the linear model", system },
    ...(rest ? [{ name: "the network where it rests", system: rest.system }] : []),
  ];
  const found = systems.map(({ name, system }) => ({ name, poles: poles(system) }));
  const slowest = Math.max(...found.map(({ poles: { re, im } }) => Math.hypot(re[0], im[0])));
  const count = Math.min(500, Math.max(20, Math.ceil(5 / Math.max(1e-3, 1 - slowest))));
  const l = outputs.length;
  const curves = inputs.flatMap((_, input): StepCurve[] => {
    const line = stepResponse(system, count, input).map((value) => value * size[input]);
    const network = (sign: 1 | -1) => {
      const held = mean.map((value, k) => value + (k === input ? sign * size[k] : 0));
      const many = Float64Array.from(
        { length: count * mean.length },
        (_, k) => held[k % mean.length],
      );
      const { y } = predictor!.simulate(many, rest!.x);
      return y.map((value, k) => (sign > 0 ? value - rest!.y[k % l] : rest!.y[k % l] - value));
    };
    return [
      { name: "linear model", input, role: 0, y: line },
      ...(rest ? [{ name: "network, step up", input, role: 1, y: network(1) }] : []),
      ...(rest ? [{ name: "network, step down", input, role: 2, y: network(-1) }] : []),
    ];
  });
  const stable = systems.filter(({ system }) => isStable(system));
  const signals = { inputs, outputs, sampleTime };
  const time = -sampleTime / Math.log(slowest);
  return {
    title: "Poles and responses",
    paragraphs: [
      slowest < 1
        ? `The slowest pole has the modulus ${inWords(slowest, 5)}: a time constant of ${inWords(time)} s.`
        : `A pole has the modulus ${inWords(slowest, 5)}: the model is unstable there.`,
      ...(predictor !== null && rest === null
        ? ["The network did not come to rest under the mean inputs, and is not drawn."]
        : []),
    ],
    figures: [
      polesFigure(found, model.certificate?.rate ?? null),
      ...(curves.every(({ y }) => y.every(Number.isFinite))
        ? [stepFigure(curves, { ...signals, sizes: size })]
        : []),
      ...(stable.length > 0 ? [frequencyFigure(stable, signals)] : []),
    ],
    tables: [
      {
        name: "poles",
        caption: "Poles.",
        columns: ["model", "real part", "imaginary part", "modulus", "time constant, s"],
        rows: found.flatMap(({ name, poles: { re, im } }) =>
          Array.from(re, (x, i) => {
            const modulus = Math.hypot(x, im[i]);
            const constant = modulus > 0 && modulus < 1 ? -sampleTime / Math.log(modulus) : null;
            return [name, x, im[i], modulus, constant];
          }),
        ),
      },
    ],
  };
}
