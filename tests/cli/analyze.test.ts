import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { eigenflow, folder } from "./eigenflow.ts";

const golden = JSON.parse(
  readFileSync(new URL("../golden/dmd/loss_curves.json", import.meta.url), "utf8"),
) as {
  referenceLoss: number;
  curves: { name: string; loss: number[]; diagnoses: { epoch: number; verdict: string }[] }[];
};
const reference = ["--reference", String(golden.referenceLoss)];

test.each(golden.curves)("$name: the verdict of the last epoch that is published", (curve) => {
  const { epoch, verdict } = curve.diagnoses[curve.diagnoses.length - 1];
  const rows = curve.loss.slice(0, epoch + 1).map((loss, i) => `${i},${loss}`);
  const cwd = folder({ "log.csv": `epoch,train_loss\n${rows.join("\n")}\n` });
  const { code, stdout } = eigenflow(["analyze", "log.csv", ...reference, "--json"], { cwd });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    decision: verdict.toLowerCase(),
    column: "train_loss",
    epochs: epoch + 1,
    schema: "eigenflow/verdict@1",
  });
});

describe("logs", () => {
  const decay = Array.from({ length: 80 }, (_, i) => 0.5 + Math.exp(-i / 20));

  test("JSON Lines of a run that still writes: half a last line is no error", () => {
    const lines = decay.map((loss, epoch) =>
      JSON.stringify({ type: "epoch", epoch, train: { loss } }),
    );
    const cwd = folder({ "metrics.jsonl": `{"type":"start"}\n${lines.join("\n")}\n{"type":"epo` });
    const { code, stdout } = eigenflow(["analyze", "metrics.jsonl"], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^CONTINUE {2}/);
    expect(stdout).toContain("train.loss: 80 epochs");
    expect(stdout).toMatch(/time const\. (19|20)/);
  });

  test("blank cells are told, validation has its own column", () => {
    const rows = decay.flatMap((loss, i) => [`${i},${loss},`, `${i},,${loss + 1}`]);
    const cwd = folder({ "m.csv": `epoch,train_loss,val_loss\n${rows.join("\n")}\n` });
    const { stdout } = eigenflow(["analyze", "m.csv", "--of", "val", "--json"], { cwd });
    const { column, epochs, warnings } = JSON.parse(stdout);
    expect({ column, epochs }).toEqual({ column: "val_loss", epochs: 80 });
    expect(warnings[0]).toContain("80 of 160 rows");
  });

  test("a loss that became NaN is a run that diverged", () => {
    const cwd = folder({ "m.csv": `loss\n${decay.join("\n")}\nnan\n` });
    expect(eigenflow(["analyze", "m.csv"], { cwd }).stdout).toMatch(/^DIVERGED/);
  });

  test("too few epochs are said to be too few", () => {
    const cwd = folder({ "m.csv": `loss\n${decay.slice(0, 10).join("\n")}\n` });
    expect(eigenflow(["analyze", "m.csv"], { cwd }).stdout).toMatch(/^INSUFFICIENT-DATA/);
  });

  test.each([
    [["gone.csv"], 3, "no such file"],
    [["m.csv", "--column", "cost"], 4, "cost"],
    [["m.csv", "--of", "weights"], 2, "--of weights"],
    [["m.csv", "--window", "ten"], 2, "--window ten"],
    [["m.csv", "--window", "5"], 2, "window"],
    [["bad.csv"], 4, "is no number"],
    [["bad.jsonl"], 4, "bad.jsonl:1"],
  ] as const)("%j is refused with code %i", (args, code, message) => {
    const cwd = folder({
      "m.csv": "loss\n1\n2\n",
      "bad.csv": "loss\n1\nx\n",
      "bad.jsonl": "no\n{}\n",
    });
    const found = eigenflow(["analyze", ...args], { cwd });
    expect(found.code).toBe(code);
    expect(found.stderr).toContain(message);
  });
});
