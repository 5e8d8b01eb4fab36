import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eigenflow, folder, runsOf, small, start, timeless } from "./eigenflow.ts";

const long = small.replace("count: 400", "count: 24000").replace("epochs: 3", "epochs: 1");

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s writes a checkpoint and exits %i", async (name, code) => {
  const cwd = folder({ "long.yaml": long });
  expect(eigenflow(["train", "long.yaml", "-q"], { cwd }).code).toBe(0);
  let sent = false;
  const found = await start(["train", "long.yaml", "--jsonl"], { cwd }, (line, kill) => {
    if (sent || JSON.parse(line).type !== "step") return;
    sent = true;
    kill(name);
  });
  const [whole, run] = runsOf(cwd);
  expect(found.code).toBe(code);
  const path = run.slice(cwd.length + 1);
  expect(found.stderr).toContain(`hint: go on with: npx eigenflow train --resume ${path}`);
  const record = JSON.parse(readFileSync(join(run, "run.json"), "utf8"));
  expect(record.status).toBe("stopped");
  expect(record.step).toBeGreaterThan(0);
  expect(record.step).toBeLessThan(1200);
  expect(eigenflow(["train", "--resume", path, "-q"], { cwd }).code).toBe(0);
  expect(timeless(run)).toEqual(timeless(whole));
});

test("a second signal stops at once, and the run can still go on", async () => {
  const cwd = folder({ "long.yaml": long });
  // So long that it cannot end by itself before a signal is heard, however slow the machine.
  const command = ["train", "long.yaml", "--jsonl", "--set", "train.epochs=100000"];
  const atFirstStep = (args: string[], ...names: ("SIGINT" | "SIGTERM")[]) => {
    let sent = false;
    return start(args, { cwd }, (line, kill) => {
      if (sent || JSON.parse(line).type !== "step") return;
      sent = true;
      for (const name of names) kill(name);
    });
  };
  // Sent together they may be heard in either order; stopping gently would have ended the record.
  expect([130, 143]).toContain((await atFirstStep(command, "SIGINT", "SIGTERM")).code);
  const [run] = runsOf(cwd);
  expect(JSON.parse(readFileSync(join(run, "run.json"), "utf8")).status).toBe("running");
  expect((await atFirstStep(["train", "--resume", run, "--jsonl"], "SIGINT")).code).toBe(130);
  const record = JSON.parse(readFileSync(join(run, "run.json"), "utf8"));
  expect(record.status).toBe("stopped");
  expect(record.step).toBeGreaterThan(0);
});

test("an interrupted run is one JSON document too", async () => {
  const cwd = folder({ "long.yaml": long });
  const running = start(["train", "long.yaml", "--json", "--set", "train.epochs=500"], { cwd });
  const { pid } = await processOf(cwd);
  process.kill(pid, "SIGINT");
  const { code, stdout } = await running;
  expect(code).toBe(130);
  const document = JSON.parse(stdout);
  expect(document).toMatchObject({ ok: false, status: "stopped", error: { code: "INTERRUPTED" } });
  expect(document.resume).toContain("--resume runs/");
});

/** The process at the first run of a folder, once it has trained. */
async function processOf(cwd: string): Promise<{ pid: number }> {
  for (let i = 0; i < 400; i++) {
    await new Promise((wake) => setTimeout(wake, 50));
    try {
      const [run] = runsOf(cwd);
      if (readFileSync(join(run, "metrics.jsonl")).length === 0) continue;
      return { pid: Number(readFileSync(join(run, "lock"), "utf8")) };
    } catch {
      // not there yet
    }
  }
  throw new Error("the run did not start");
}
