import { NumericError } from "../../errors.ts";
import type { Model } from "../../models/model.ts";
import type { TrainEvent } from "../../training/events.ts";

/** Lets every event pass but the end of a run that broke off. @throws NumericError */
export function finished({ kind }: Model, event: TrainEvent): void {
  if (event.type === "end" && event.status !== "completed")
    throw new NumericError(`training of ${kind} ended: ${event.reason}`);
}
