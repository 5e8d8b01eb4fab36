/** eigenflow/onnx: graphs to the bytes of an ONNX model, and back. */

export { type DecodedModel, decode } from "./onnx/decode.ts";
export { encode, type Model } from "./onnx/encode.ts";
