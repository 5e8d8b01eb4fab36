import { appendFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { eigenflow, folder, start } from "./eigenflow.ts";
import { called } from "./in-process.ts";

/** Falls, then is flat. */
const loss = (t: number) => 0.5 + Math.exp(-t / 30);
const lines = (from: number, to: number, f = loss) =>
  Array.from({ length: to - from }, (_, i) => `{"step":${from + i},"loss":${f(from + i)}}\n`).join(
    "",
  );
const follow = ["watch", "run", "--follow", "--every", "10ms"];

function made(text: string) {
  const cwd = folder();
  const run = join(cwd, "run");
  mkdirSync(run);
  const file = join(run, "metrics.jsonl");
  writeFileSync(file, text);
  return { cwd, run, file };
}
/** In one piece, so that no half of it is looked at. */
function replace(file: string, text: string) {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

test("a line when the verdict changes, 0 when run.json says that the run is over", async () => {
  const { cwd, run, file } = made(lines(0, 10));
  const { code, stdout } = await start([...follow, "--jsonl"], { cwd }, (line) => {
    const { type, decision } = JSON.parse(line);
    if (type !== "verdict") return;
    if (decision === "insufficient-data") appendFileSync(file, `${lines(10, 60)}{"step":60,"lo`);
    if (decision === "continue") appendFileSync(file, `ss":${loss(60)}}\n${lines(61, 500)}`);
    if (decision === "stop") replace(join(run, "run.json"), '{"status":"completed"}');
  });
  expect(code).toBe(0);
  const printed = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(printed.map(({ type, decision }) => [type, decision])).toEqual([
    ["verdict", "insufficient-data"],
    ["verdict", "continue"],
    ["verdict", "stop"],
    ["result", undefined],
  ]);
  expect(printed[3]).toMatchObject({ ending: "run ended", verdict: { epoch: 499 } });
  expect(printed[3].changes).toHaveLength(3);
});

test("a state of --fail-on exits 10, as a document too", async () => {
  const { cwd, file } = made(lines(0, 50));
  const watching = start([...follow, "--fail-on", "diverged,restart", "--json"], { cwd });
  appendFileSync(file, '{"step":50,"loss":1e9}\n{"step":51,"loss":1e9}\n');
  const { code, stdout, stderr } = await watching;
  expect(code).toBe(10);
  expect(stderr).toContain("error[GATE]: run: the verdict is DIVERGED");
  const document = JSON.parse(stdout);
  expect(document).toMatchObject({
    schema: "eigenflow/watch@1",
    ok: false,
    error: { code: "GATE" },
    ending: "fail-on",
    verdict: { decision: "diverged", epoch: 51 },
  });
});

test("--until ends with 0; a file that is replaced is read anew", async () => {
  const { cwd, file } = made(lines(0, 60));
  const { code, stdout, stderr } = await start([...follow, "--until", "stop"], { cwd }, (line) => {
    if (line.includes("CONTINUE")) replace(file, lines(0, 20));
    if (line.includes("INSUFFICIENT-DATA")) replace(file, lines(100, 700));
  });
  expect(code).toBe(0);
  expect(stdout.split("\n").map((line) => line.slice(0, 17))).toEqual([
    expect.stringMatching(/^step 59 {2}CONTINUE/),
    expect.stringMatching(/^step 19 {2}INSUFF/),
    expect.stringMatching(/^step (5|6)99 {2}STOP/),
    "",
  ]);
  expect(stderr).toContain("run was replaced or cut");
});

test("Ctrl-C ends the watching with 130", async () => {
  const { cwd } = made(lines(0, 60));
  const { code, stderr } = await start(follow, { cwd }, (_, kill) => kill("SIGINT"));
  expect(code).toBe(130);
  expect(stderr).toContain("the run goes on");
});

describe("looking once", () => {
  const csv = `loss\n${Array.from({ length: 60 }, (_, t) => loss(t)).join("\n")}\n`;
  const cwd = folder({ "a.csv": csv, "head.csv": "epoch,loss\n", "nan.csv": `${csv}nan\n` });

  test.each([
    [["a.csv"], 0, /^step 59 {2}CONTINUE/, ""],
    [["head.csv"], 0, /^$/, "no value yet"],
    [["nan.csv", "--fail-on", "diverged"], 10, /DIVERGED/, "hint: eigenflow analyze nan.csv"],
    [["a.csv", "--window", "5"], 2, /^$/, "error[USAGE]: --window 5\n"],
    [["nan.csv", "--fail-on", "restart"], 0, /DIVERGED/, ""],
    [["gone.csv"], 3, /^$/, "no such file"],
    [["gone", "--follow"], 3, /^$/, "no such file"],
    [["a.csv", "--fail-on", "diverging"], 2, /^$/, 'did you mean "diverged"?'],
    [["a.csv", "--until", "stop"], 2, /^$/, "--until is for --follow"],
    [["a.csv", "--follow", "--every", "soon"], 2, /^$/, "--every soon"],
    [["a.csv", "--of", "weights"], 2, /^$/, "cannot be watched"],
    [["a.csv", "--column", "cost"], 4, /^$/, "cost"],
    [["a.csv", "--folow"], 2, /^$/, "--folow"],
    [["-"], 2, /^$/, "stdin"],
  ] as const)("%j exits %i", (args, code, stdout, stderr) => {
    const found = eigenflow(["watch", ...args], { cwd });
    expect(found.code).toBe(code);
    expect(found.stdout).toMatch(stdout);
    expect(found.stderr).toContain(stderr);
  });
});

describe("the last line of a log without its end", () => {
  const rows = Array.from({ length: 60 }, (_, t) => `${t},${loss(t)}`);

  test("is taken where it is looked at once", async () => {
    const cwd = folder({ "log.csv": `epoch,loss\n${rows.join("\n")}` });
    const { stdout } = await called(["watch", "log.csv"], { cwd });
    expect(stdout).toMatch(/^step 59 /);
  });

  test("and at the end of the run, though nothing was written since", async () => {
    const cwd = folder({ "log.csv": `epoch,loss\n${rows.join("\n")}` });
    const { code, stdout } = await start(
      [...["watch", "log.csv"], ...follow.slice(2), "--jsonl"],
      {
        cwd,
      },
      () => replace(join(cwd, "run.json"), '{"status":"completed"}'),
    );
    expect(code).toBe(0);
    const last = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
    expect(last).toMatchObject({ ending: "run ended", verdict: { epoch: 59 } });
  });
});

test("of our own run the losses of single steps are not taken for those of epochs", async () => {
  const steps = Array.from(
    { length: 50 },
    (_, i) => `{"type":"step","step":${i},"epoch":0,"loss":${loss(i)},"rate":0.1}\n`,
  );
  const epochs = lines(0, 60)
    .trimEnd()
    .split("\n")
    .map((_, i) => `{"type":"epoch","epoch":${i},"train":{"loss":${loss(i)}}}\n`);
  const { cwd, run, file } = made(steps.join(""));
  const watching = start([...follow, "--json"], { cwd });
  appendFileSync(file, epochs.join(""));
  replace(join(run, "run.json"), '{"status":"completed"}');
  const { stdout } = await watching;
  expect(JSON.parse(stdout).verdict.epoch).toBe(59);
  const { stdout: alone } = await called(["watch", "run", "--column", "step.loss"], { cwd });
  expect(alone).toMatch(/^step 49 /);
});
