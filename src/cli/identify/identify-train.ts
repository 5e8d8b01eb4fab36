import type { Experiment } from "../../data/experiment/experiment.ts";
import { identifyRen, type RenFit, type RenFitState } from "../../identification/ren-fit.ts";
import { signalCodes } from "../output/exit.ts";
import { listen } from "../output/interrupt.ts";
import { note, type Outcome } from "../output/output.ts";
import { version } from "../output/version.ts";
import type { IdentifyFlags, Sizes } from "./identify.ts";
import { dropState, keepState, keptState, trainingHash } from "./identify-state.ts";

/** Epochs after which the state is written again, so that a training that is killed loses no more. */
const every = 10;

/** Trains the network; SIGINT and SIGTERM stop it after an epoch, with what is best so far and its state kept. */
export async function trainRen(
  work: readonly Experiment[],
  { states, neurons, contraction, lipschitz, epochs, seed }: Sizes,
  { out, resume, feedback }: Pick<IdentifyFlags, "out" | "resume" | "feedback">,
): Promise<{ readonly fit: RenFit; readonly stopped?: NonNullable<Outcome["stopped"]> }> {
  const asked = {
    ...(states !== undefined && { states }),
    ...(neurons !== undefined && { neurons }),
    ...(feedback !== undefined && { feedback }),
    ...(contraction !== undefined && { contraction }),
    ...(lipschitz !== undefined && { lipschitz }),
    ...(epochs !== undefined && { epochs }),
    seed,
  };
  const hash = trainingHash(work, { version, ...asked });
  const from = resume ? keptState(out!, hash) : undefined;
  const interrupt = listen("\nstopping after this epoch; once more to stop now");
  let last: RenFitState | undefined = from;
  const keep = (state: RenFitState) => {
    last = state;
    if (out !== undefined && (state.history.length - 1) % every === 0) keepState(out, state, hash);
  };
  try {
    const fit = await identifyRen(work, {
      ...asked,
      signal: interrupt.signal,
      keep,
      ...(from && { from }),
      ...(process.stderr.isTTY && { progress }),
    });
    if (fit.status !== "interrupted") {
      if (out !== undefined) dropState(out);
      return { fit };
    }
    const goesOn = out !== undefined && last !== undefined;
    if (goesOn) keepState(out, last!, hash);
    return {
      fit,
      stopped: {
        message: `stopped after epoch ${fit.history.length - 1}; what was best so far, of epoch ${fit.best}, is the result`,
        hint: goesOn
          ? "go on with the same command and --resume"
          : "with -o FOLDER it could go on by --resume",
        exitCode: signalCodes[interrupt.received() ?? "SIGINT"],
      },
    };
  } finally {
    interrupt.release();
  }
}

function progress(epoch: number, of: number, fit: number): void {
  if (epoch % 25 === 0) note(`epoch ${epoch} of ${of}: fit ${fit.toFixed(1)} %`);
}
