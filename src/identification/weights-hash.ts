import { createHash } from "node:crypto";
import type { Tensor } from "../graph/tensor.ts";
import type { RenCertificate } from "../verification/ren-certificate.ts";

type Tensors = Readonly<Record<string, Tensor>>;

/** SHA-256 of tensors in the order of their names: of each its name, its shape and its numbers in float32. */
export function hashOfWeights(tensors: Tensors): string {
  const hash = createHash("sha256");
  for (const name of Object.keys(tensors).sort()) {
    const { shape, data } = tensors[name];
    hash.update(`${name}[${shape.join(",")}]`);
    // −0 is 0: a weight that no node reads is not stored, and read back as 0.
    const bytes = new DataView(new ArrayBuffer(4 * data.length));
    for (let k = 0; k < data.length; k++) bytes.setFloat32(4 * k, Number(data[k]) + 0, true);
    hash.update(bytes);
  }
  return hash.digest("hex");
}

/** The certificate with the hash of what the file will store. */
export const sealed = (certificate: RenCertificate, tensors: Tensors): RenCertificate => ({
  ...certificate,
  weightsSha256: hashOfWeights(tensors),
});
