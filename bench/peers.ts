import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../src/errors.ts";
import type { Line } from "./measure.ts";

/** The ways to run a peer, of which a case's fastest counts. */
export const variants: readonly { name: string; threads: string; env: NodeJS.ProcessEnv }[] = [
  { name: "torch, 1 thread", threads: "1", env: {} },
  { name: "torch, 2 threads", threads: "2", env: {} },
  { name: "torch, 2 passive", threads: "2", env: { OMP_WAIT_POLICY: "passive" } },
];

/** One of our cases against some of a peer's, and how many times quicker we mean to be. */
export interface Match {
  readonly against: string;
  readonly peers: readonly string[];
  readonly target: number | null;
}

const perceptronTargets: Readonly<Record<string, number>> = {
  "4-8-6-4-3": 8,
  "10-64-64-10": 4,
  "784-128-64-10": 1.5,
};

/**
 * The peer's cases that solve the problem of one of ours. Where a peer has several forms all are
 * candidates: three forms of an optimiser, a gradient by autograd or by hand.
 */
export function matches(name: string): readonly Match[] {
  const [workload, net] = name.split("/");
  switch (workload) {
    case "mlp": {
      const forms = ["default", "foreach", "fused"];
      const peers = forms.map((form) => name.replace(/train-\w+/, (rule) => `${rule}-${form}`));
      return [{ against: "", peers, target: perceptronTargets[net] }];
    }
    case "cnn":
      return ["nchw", "nhwc"].map((layout) => ({
        against: layout,
        peers: [`${name}/${layout}`],
        target: layout === "nchw" ? 1 : null,
      }));
    case "deq": {
      const kinds = name.includes("train") ? ["train-autograd", "train-by-hand"] : ["forward"];
      // The peer's mixing with a ridge in absolute and in relative size.
      const forms = net === "anderson" ? [net, "anderson-relative"] : [net];
      const peers = forms.flatMap((form) =>
        kinds.map((kind) => name.replace(/train-implicit|forward/, kind).replace(net, form)),
      );
      return [{ against: "", peers, target: null }];
    }
    case "dmd": {
      if (net.startsWith("hankel")) return [{ against: "", peers: [name], target: null }];
      // By a singular value decomposition, as the packages for DMD do, or by the Gram matrix alone.
      const small = name.includes("/1000x100/");
      return [
        { against: "svd", peers: [name.replace("rrr", "svd")], target: small ? 1 : 8 },
        {
          against: "snapshots",
          peers: [name.replace("rrr", "snapshots")],
          target: small ? null : 0.67,
        },
      ];
    }
    case "ren": {
      // Neuron after neuron in place, or sweeps until nothing changes; both with their gradient by hand.
      const peers = ["columns", "sweeps"].map((way) => name.replace("blocks", way));
      const target = name.endsWith("forward") ? 3 : 2.5;
      return [
        { against: "best", peers, target },
        { against: "obvious", peers: [name.replace("blocks", "obvious")], target: 10 },
      ];
    }
    default: {
      const target = /m1\.0\/tol1e-05\/train$/.test(name) ? 2.5 : null;
      return [{ against: "", peers: [name], target }];
    }
  }
}

export interface Peer {
  readonly script: string;
  /** What the names of all cases of ours contain at the peer's. */
  readonly only: string;
}
export const peerOf: Readonly<Record<string, Peer>> = {
  deq: { script: "torch_deq.py", only: "deq/" },
  mlp: { script: "torch_mlp.py", only: "/train-" },
  cnn: { script: "torch_cnn.py", only: "/train-" },
  mondeq: { script: "torch_mondeq.py", only: "/peaceman-rachford/" },
  dmd: { script: "numpy_dmd.py", only: "dmd/" },
  ren: { script: "torch_ren.py", only: "ren/" },
};

/** @throws UsageError  when a script, Python or torch is missing, with what to do */
export async function checkPeers(directory: string, python: string): Promise<void> {
  for (const { script } of Object.values(peerOf)) {
    if (!existsSync(join(directory, script)))
      throw new UsageError(`--peers ${directory}: there is no ${script}`);
  }
  try {
    await lines(python, ["-c", "import torch"]);
  } catch (error) {
    throw new UsageError(
      `${python} cannot import torch: ${(error as Error).message}`,
      "on Debian: apt-get install python3-torch libopenblas0-pthread, then --python /usr/bin/python3",
    );
  }
}

/** Runs a program to its end and parses each line that it prints. */
export function lines(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Line[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...process.env, ...env } });
    const [out, err]: string[][] = [[], []];
    child.stdout.on("data", (chunk) => out.push(String(chunk)));
    child.stderr.on("data", (chunk) => err.push(String(chunk)));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(out.join("").trim().split("\n").filter(Boolean).map(parse));
      else reject(new Error(err.join("").trim().split("\n").at(-1) || `exit code ${code}`));
    });
  });
}

const parse = (line: string): Line => JSON.parse(line);
