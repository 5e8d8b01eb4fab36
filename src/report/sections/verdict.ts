import type { Analysis } from "../../koopman/verdict/analysis.ts";
import { agreement } from "../../koopman/verdict/words.ts";
import { capital, counted, inWords, percent } from "../builders/words.ts";
import type { ReportVerdict } from "../content.ts";

/** The verdict of an analysis: the word, the forecast with its margin, the evidence. */
export function verdictOf({ verdict, warnings }: Analysis, of: string): ReportVerdict {
  const { decision, sentence, forecast, margin, prospect, cannotSay } = verdict;
  const agreed = agreement(verdict.windows, verdict.agreeing);
  const evidence = agreed === null ? [] : [`${capital(agreed)}.`];
  if (prospect !== null) {
    const { improvement, slowestResolved, timeConstant, escapeEpochs, epochsToStop } = prospect;
    evidence.push(
      `The next ${forecast.length} values are to ${improvement < 0 ? `add ${percent(-improvement)} to` : `take ${percent(improvement)} off`} ` +
        `the loss, now ${inWords(verdict.loss, 4)}.`,
    );
    if (epochsToStop !== null && epochsToStop > 0)
      evidence.push(`${counted(epochsToStop, "value")} remain until little is left to gain.`);
    if (timeConstant !== null && slowestResolved !== null)
      evidence.push(
        `The slowest mode that can be told from 1 is ${inWords(slowestResolved, 4)}: a time constant of ` +
          `${inWords(timeConstant)} values.`,
      );
    if (escapeEpochs !== null && Math.round(escapeEpochs) > 0)
      evidence.push(`A growing mode leaves the plateau in about ${inWords(escapeEpochs)} values.`);
  }
  evidence.push(...warnings);
  const end = forecast[forecast.length - 1];
  return {
    of,
    decision,
    sentence,
    ...(end !== undefined &&
      Number.isFinite(end) && {
        number: {
          label:
            `loss forecast ${forecast.length} values ahead` +
            (margin === null
              ? "; too early to have tested its forecasts, so without a margin"
              : `; the margin, the most that four forecasts before were off by, is to hold ${percent(margin.level)} of what comes`),
          value: inWords(end, 4),
          margin: margin === null ? "" : marginInWords(margin.shares[forecast.length - 1], end),
        },
      }),
    evidence,
    cannotSay,
  };
}

/** A margin as wide as the loss bounds it from above only: no loss is negative. */
const marginInWords = (share: number, end: number): string =>
  share < 1 ? `± ${percent(Math.max(share, 1e-4))}` : `(below ${inWords(end * (1 + share))})`;
