/** Element types that are read; files with others still open, and list what they hold beside these. */
export type TensorDType =
  | "float64"
  | "float32"
  | "float16"
  | "bfloat16"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint8"
  | "bool";

export interface TensorEntry {
  readonly name: string;
  readonly dtype: TensorDType;
  readonly shape: readonly number[]; // [] for a single number
}

/** Tensors in a file, read lazily; nothing is executed. */
export interface TensorFile {
  readonly path: string;
  readonly kind: "safetensors" | "torch" | "npy" | "npz" | "tensorboard";
  readonly tensors: readonly TensorEntry[];
  /** What the file holds besides these, by name: classes and functions of Python, other element types. */
  readonly opaque: readonly string[];
  /**
   * Entries first … first + count − 1 of one tensor, row-major; all without the two numbers. float64 and
   * integers of 32 and 64 bits come as float64, everything else as float32, exactly; integers beyond
   * 2⁵³ are rounded.
   *
   * @throws UsageError  for a name that is not in the file, or entries beyond its end
   * @throws DataError  when the file is not what it was when it was opened, or is damaged
   */
  read(name: string, first?: number, count?: number): Promise<Float32Array | Float64Array>;
}
