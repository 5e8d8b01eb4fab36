import { z } from "zod";
import { DataError } from "../../errors.ts";
import { type Tensor, tensorOf } from "../../graph/tensor.ts";
import { isStep } from "../../identification/step-file.ts";
import { compile } from "../../runtime/program.ts";
import { solveStatuses } from "../../solvers/options.ts";
import { writeFile } from "../../training/atomic-file.ts";
import { readFeatures } from "../input/features.ts";
import { readModelFile } from "../input/model-file.ts";
import { short } from "../output/numbers.ts";
import { note, type Outcome } from "../output/output.ts";

/** Rows in one call. */
const rowsPerCall = 2048;

/** What predict wants of the metadata that a run leaves in its model. */
const modelInfo = z.object({
  features: z.array(z.string()).optional(),
  target: z.string().optional(),
  classNames: z.array(z.string()).optional(),
});

/** `eigenflow predict MODEL INPUT`: the answer for each row, and how its solve ended, as CSV. */
export async function predict(
  modelPath: string,
  inputPath: string,
  { out }: { readonly out?: string },
): Promise<Outcome> {
  const model = await readModelFile(modelPath);
  const { inputs, outputs, metadata } = model;
  // Features of a kind of their own, such as a time, are an input of their own.
  const ports = Object.entries(inputs).map(
    ([name, { shape }]) => [name, Number(shape[1])] as const,
  );
  const width = ports.reduce((sum, [, columns]) => sum + columns, 0);
  if (!(inputs.x && width > 0 && (outputs.probabilities || outputs.prediction))) {
    throw new DataError(
      `${modelPath}: wanted an input x [N, features] and an output probabilities or prediction`,
      {
        hint: isStep(model)
          ? `it was identified: eigenflow simulate ${modelPath} -i ${inputPath}`
          : "predict runs the model.onnx of an eigenflow run",
      },
    );
  }
  const info = infoOf(metadata["eigenflow.model"]);
  const { count, data } = await readFeatures(inputPath, width, info.features ?? null);

  const program = await compile(inputs, outputs, { sizes: { N: Math.min(count, rowsPerCall) } });
  const table: Row[] = [];
  try {
    for (let from = 0; from < count; from += rowsPerCall) {
      const to = Math.min(from + rowsPerCall, count);
      const rows = data.subarray(from * width, to * width);
      table.push(...rowsOf(await program.run(fed(rows, width, ports)), from));
    }
  } finally {
    await program.release();
  }

  const unconverged = table.filter(({ status }) => status && status !== "converged");
  if (unconverged.length > 0) {
    const first = unconverged.slice(0, 5).map(({ row, status }) => `${row} (${status})`);
    const more = unconverged.length > first.length ? ", …" : "";
    note(
      `warning: ${unconverged.length} of ${count} rows did not converge: ${first.join(", ")}${more}`,
    );
  }
  const csv = csvOf(table, info.classNames ?? null, info.target ?? null);
  if (out !== undefined) writeFile(out, csv);
  return {
    document: {
      rows: count,
      unconverged: unconverged.length,
      predictions: table.map(({ label, ...rest }) => ({
        ...rest,
        ...(label !== undefined && { class: info.classNames?.[label] ?? label }),
      })),
      ...(out !== undefined && { out }),
    },
    text: out === undefined ? csv : `${count} rows written to ${out}`,
  };
}

/** Rows of features cut into the columns of each input. */
function fed(
  rows: Float32Array,
  width: number,
  ports: readonly (readonly [name: string, columns: number])[],
): Record<string, Tensor> {
  const count = rows.length / width;
  let start = 0;
  return Object.fromEntries(
    ports.map(([name, columns]) => {
      const first = start;
      start += columns;
      const taken = Float32Array.from({ length: count * columns }, (_, k) => {
        const row = Math.floor(k / columns);
        return rows[row * width + first + (k - row * columns)];
      });
      return [name, tensorOf(taken, [count, columns])];
    }),
  );
}

function infoOf(json: string | undefined): z.output<typeof modelInfo> {
  if (json === undefined) return {};
  try {
    return modelInfo.parse(JSON.parse(json));
  } catch (cause) {
    throw new DataError("the model's eigenflow.model metadata is malformed", { cause });
  }
}

interface Row {
  readonly row: number; // counted from 0
  readonly label?: number;
  readonly numbers: readonly number[]; // probabilities, or what is predicted
  readonly limit?: readonly number[]; // the same as t → ∞, of a model that is read out at a time
  readonly status?: string;
  readonly iterations?: number;
  readonly residual?: number;
}

function rowsOf(found: Readonly<Record<string, Tensor>>, first: number): Row[] {
  const { probabilities, prediction, limit, status, iterations, residual } = found;
  const { shape } = probabilities ?? prediction;
  const [count, width] = shape;
  const rowOf = ({ data }: Tensor, i: number) =>
    Array.from({ length: width }, (_, k) => Number(data[i * width + k]));
  return Array.from({ length: count }, (_, i) => {
    const numbers = rowOf(probabilities ?? prediction, i);
    return {
      row: first + i,
      ...(probabilities && { label: numbers.indexOf(Math.max(...numbers)) }),
      numbers,
      ...(limit && { limit: probabilities ? softmax(rowOf(limit, i)) : rowOf(limit, i) }),
      ...(status && {
        status: solveStatuses[Number(status.data[i])],
        iterations: Number(iterations.data[i]),
        residual: Number(residual.data[i]),
      }),
    };
  });
}

/** Probabilities of logits. */
function softmax(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const weights = logits.map((x) => Math.exp(x - most));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

function csvOf(
  table: readonly Row[],
  classNames: readonly string[] | null,
  target: string | null,
): string {
  const [{ label, numbers, limit, status }] = table;
  const nameOf = (k: number) => classNames?.[k] ?? String(k);
  const columns = numbers.map((_, k) => {
    if (label !== undefined) return `p(${nameOf(k)})`;
    return target !== null && numbers.length === 1 ? target : `y${k}`;
  });
  const header = [
    "row",
    ...(label === undefined ? [] : ["class"]),
    ...columns,
    ...(limit === undefined ? [] : columns.map((name) => `limit(${name})`)),
    ...(status === undefined ? [] : ["status", "iterations", "residual"]),
  ];
  const rows = table.map((row) => [
    row.row,
    ...(row.label === undefined ? [] : [nameOf(row.label)]),
    ...[...row.numbers, ...(row.limit ?? [])].map((x) => short(x, 6)),
    ...(row.status === undefined ? [] : [row.status, row.iterations, short(row.residual!, 3)]),
  ]);
  return `${[header, ...rows].map((cells) => cells.map(cellOf).join(",")).join("\n")}\n`;
}

/** A cell as RFC 4180 wants it. */
export const cellOf = (cell: unknown): string => {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
