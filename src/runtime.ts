/** eigenflow/runtime: graphs compiled and run by ONNX Runtime. */

export { type Backend, type Device, loadBackend } from "./runtime/backend.ts";
export { type AnyTensor, type ModelProgram, openProgram } from "./runtime/model-file.ts";
export {
  type CompileOptions,
  compile,
  type Feeds,
  type Program,
  type Results,
} from "./runtime/program.ts";
export { openSessions } from "./runtime/session.ts";
