/** eigenflow/models: graphs over named parameters. */

export { type CnnOptions, cnn } from "./models/cnn.ts";
export { heNormal, uniformFanIn } from "./models/initialise.ts";
export { type Activation, activations, mlp } from "./models/mlp.ts";
export type { Model, Parameters } from "./models/model.ts";
export {
  type MonotoneDeqOptions,
  monotoneDeq,
  monotoneWeight,
  type SplittingKind,
} from "./models/monotone-deq.ts";
