import type { Reproduction } from "./reproduction.ts";

/** The reproductions by name, each loaded when it is asked for. */
export const reproductions: Readonly<Record<string, () => Promise<Reproduction>>> = {
  deq: async () => (await import("./deq/study.ts")).deq,
  monotone: async () => (await import("./monotone/study.ts")).monotone,
  "training-verdict": async () => (await import("./verdict/study.ts")).trainingVerdict,
  "koopman-training": async () => (await import("./koopman/study.ts")).koopmanTraining,
  acceleration: async () => (await import("./acceleration/study.ts")).acceleration,
  pendulum: async () => (await import("./pendulum/study.ts")).pendulumStudy,
  sobolev: async () => (await import("./sobolev/study.ts")).sobolev,
  "rnn-eigenfunctions": async () => (await import("./rnn/study.ts")).study,
  "koopman-hybrid": async () => (await import("./hybrid/study.ts")).koopmanHybrid,
  "robust-ren": async () => (await import("./robust-ren/study.ts")).robustRen,
  sim: async () => (await import("./sim/study.ts")).sim,
};
