/** eigenflow/onnx: graphs to the bytes of an ONNX model, and back. */

export { type DecodedModel, decode } from "./onnx/decode.ts";
export { encode, type Model } from "./onnx/encode.ts";
export type { FloatType, Weight } from "./onnx/foreign/dense.ts";
export { foldBatchNorm } from "./onnx/foreign/fold.ts";
export { type DenseLayer, type Layers, layersOf, type OtherLayer } from "./onnx/foreign/layers.ts";
export { type ForeignModel, readForeign } from "./onnx/foreign/model.ts";
export { openModel, tapped, withMetadata } from "./onnx/foreign/open.ts";
export { replaceLayers } from "./onnx/foreign/replace.ts";
