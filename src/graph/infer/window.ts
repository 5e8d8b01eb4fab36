import { ShapeError } from "../../errors.ts";
import type { Value } from "../node.ts";
import type { Attributes, Operator } from "../operators.ts";
import { type Dim, freshDim } from "../shape.ts";
import { demand, operator, required, sameDtype } from "./elementwise.ts";

const windowAttributes = {
  kernel_shape: { kind: "ints" },
  strides: { kind: "ints" },
  pads: { kind: "ints" },
  dilations: { kind: "ints" },
  auto_pad: { kind: "string", default: "NOTSET" },
} as const;

/** Strides, pads and dilations of a window of `rank` spatial axes, with ONNX's defaults. */
export function windowOf(attributes: Attributes, rank: number) {
  const list = (name: string, length: number, value: number) =>
    (attributes[name] as readonly number[] | undefined) ?? Array<number>(length).fill(value);
  if ((attributes.auto_pad ?? "NOTSET") !== "NOTSET") {
    throw new ShapeError(`auto_pad ${attributes.auto_pad}: give pads instead`);
  }
  return {
    strides: list("strides", rank, 1),
    pads: list("pads", 2 * rank, 0),
    dilations: list("dilations", rank, 1),
  };
}

function slid(sizes: readonly Dim[], kernel: readonly number[], attributes: Attributes): Dim[] {
  const { strides, pads, dilations } = windowOf(attributes, sizes.length);
  return sizes.map((size, i) => {
    if (typeof size === "string") return freshDim();
    const span = size + pads[i] + pads[i + sizes.length] - dilations[i] * (kernel[i] - 1) - 1;
    if (span < 0) throw new ShapeError(`a window of ${kernel[i]} over a padded axis of ${size}`);
    return Math.floor(span / strides[i]) + 1;
  });
}

const numeric = (dims: readonly Dim[]): readonly number[] => {
  if (!dims.every((dim) => typeof dim === "number"))
    throw new ShapeError("kernel sizes must be known");
  return dims;
};

const spatial = (x: Value): readonly Dim[] => {
  demand(x, "float");
  if (x.shape.length < 3) throw new ShapeError("[batch, channels, ...sizes] is wanted");
  return x.shape.slice(2);
};

const pool = operator(([first], attributes) => {
  const x = required(first, 0);
  const sizes = slid(spatial(x), attributes.kernel_shape as readonly number[], attributes);
  return [{ dtype: x.dtype, shape: [x.shape[0], x.shape[1], ...sizes] }];
}, windowAttributes);

export const windowOperators = {
  /** x [N, C, ...], w [M, C/group, ...], bias [M] → [N, M, ...]: cross-correlation */
  Conv: operator(
    ([first, second, bias], attributes) => {
      const [x, w] = [required(first, 0), required(second, 1)];
      const group = Number(attributes.group ?? 1);
      const [channels, perGroup] = [x.shape[1], w.shape[1]];
      const fits = group === 1 ? channels === perGroup : Number(perGroup) * group === channels;
      if (!fits) {
        throw new ShapeError(`${channels} channels for kernels of ${perGroup} in ${group} groups`);
      }
      if (bias && bias.shape[0] !== w.shape[0])
        throw new ShapeError("the bias is not one a kernel");
      const sizes = slid(spatial(x), numeric(w.shape.slice(2)), attributes);
      return [{ dtype: sameDtype(x, w), shape: [x.shape[0], w.shape[0], ...sizes] }];
    },
    { ...windowAttributes, group: { kind: "int", default: 1 } },
  ),

  /** The adjoint of Conv in its first argument: x [N, M, ...], w [M, C/group, ...] → [N, C, ...] */
  ConvTranspose: operator(
    ([first, second, bias], attributes) => {
      const [x, w] = [required(first, 0), required(second, 1)];
      if (bias) throw new ShapeError("a bias is not supported; add it");
      const sizes = spatial(x);
      const kernel = numeric(w.shape.slice(2));
      if (x.shape[1] !== w.shape[0])
        throw new ShapeError(`${x.shape[1]} channels for ${w.shape[0]} kernels`);
      const { strides, pads, dilations } = windowOf(attributes, sizes.length);
      const extra = (attributes.output_padding as readonly number[]) ?? sizes.map(() => 0);
      const grown = sizes.map((size, i) =>
        typeof size === "string"
          ? freshDim()
          : strides[i] * (size - 1) +
            extra[i] +
            dilations[i] * (kernel[i] - 1) +
            1 -
            pads[i] -
            pads[i + sizes.length],
      );
      const group = Number(attributes.group ?? 1);
      const channels = (w.shape[1] as number) * group;
      return [{ dtype: sameDtype(x, w), shape: [x.shape[0], channels, ...grown] }];
    },
    { ...windowAttributes, output_padding: { kind: "ints" }, group: { kind: "int", default: 1 } },
  ),

  MaxPool: pool,
  AveragePool: operator(
    (inputs, attributes, bodies) => {
      // From opset 19 on only.
      if (attributes.dilations !== undefined) throw new ShapeError("AveragePool has no dilations");
      return pool.infer(inputs, attributes, bodies);
    },
    { ...windowAttributes, count_include_pad: { kind: "int", default: 0 } },
  ),
} satisfies Record<string, Operator>;
