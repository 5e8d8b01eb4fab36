import { DataError } from "../errors.ts";
import { cnn } from "../models/cnn.ts";
import { deq } from "../models/deq.ts";
import { lbdn } from "../models/lbdn.ts";
import { mlp } from "../models/mlp.ts";
import type { Model } from "../models/model.ts";
import { monotoneConvDeq } from "../models/monotone-conv-deq.ts";
import { monotoneDeq } from "../models/monotone-deq.ts";
import { deqSettings, layerOf } from "./deq.ts";
import type { Config } from "./schema.ts";
import { simOf } from "./sim.ts";

/** What a model is made by; of the data only whether they say what their images are. */
export interface Modelled {
  readonly model: Config["model"];
  readonly solver?: Partial<NonNullable<Config["solver"]>> | undefined;
  readonly data: { readonly kind: string };
}

/** The model of a configuration. @throws EigenflowError  for sizes and options that do not fit */
export function modelOf(config: Modelled, inputs: number, outputs: number): Model {
  const { model, solver } = config;
  switch (model.kind) {
    case "monotone-deq":
      return monotoneDeq({ ...settingsOf(model), ...solver, inputs, outputs });
    case "deq": {
      const layer = layerOf(model.layer, () => imageOf(config, inputs));
      return deq({ ...deqSettings(model), ...solver, inputs, outputs, layer });
    }
    case "mlp":
      return mlp([inputs, ...model.widths, outputs], {
        activation: model.activation,
        initial: model.initial,
      });
    case "lbdn": {
      const { widths: hidden, activation, lipschitz: gamma } = model;
      return lbdn({ inputs, outputs, hidden, activation, gamma });
    }
    case "sim":
      return simOf(model, inputs, outputs, (features) => imageOf(config, features));
    case "monotone-conv-deq":
      return monotoneConvDeq({
        ...settingsOf(model),
        ...solver,
        image: imageOf(config, inputs),
        outputs,
      });
    case "cnn": {
      const { widths: hidden, ...rest } = settingsOf(model);
      return cnn({ ...rest, image: imageOf(config, inputs), hidden, outputs });
    }
  }
}

/** Without its kind. */
export const settingsOf = <T extends { readonly kind: string }>({ kind: _, ...settings }: T) =>
  settings;

/** Channels, height and width of the images that a model of images takes. */
export function imageOf({ model, data }: Modelled, inputs: number): [number, number, number] {
  const { asked, section } =
    model.kind === "deq"
      ? { asked: model.layer, section: "layer." }
      : model.kind === "sim"
        ? { asked: model.basis, section: "basis." }
        : { asked: model, section: "" };
  const given = "image" in asked ? asked.image : undefined;
  const image = given ?? (data.kind === "mnist" ? ([1, 28, 28] as const) : null);
  if (image === null) {
    throw new DataError(`${model.kind}: ${data.kind} does not say what its images are`, {
      hint: `set model.${section}image to [channels, height, width]`,
    });
  }
  const [planes, height, width] = image;
  if (planes * height * width !== inputs)
    throw new DataError(`${model.kind}: images of ${image.join(" × ")}, but ${inputs} features`);
  return [planes, height, width];
}
