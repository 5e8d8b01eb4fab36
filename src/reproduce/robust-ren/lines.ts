import type { Line } from "../reproduction.ts";
import type { Bound } from "./plan.ts";
import { publishedAttack, publishedBounds, publishedTable } from "./published.ts";
import { boundName, boundOf, type Group, inWords, rensOf } from "./summary.ts";

/** Up to which share of the plant's gain a bound is called tight, as the published ones of which 85.5 % and more are used. */
const tight = 40;
const tightShare = 0.8;
/** Percentage points of NRMSE by which medians of a few seeds may be apart and count as equal. */
const slack = 1;

/** What is claimed in print and can be judged on other data, then the numbers side by side. */
export const linesOf = (groups: readonly Group[]): Line[] => [
  withinBounds(groups),
  nearBounds(groups),
  fallsWithBound(groups),
  ...acyclicAgainstFull(groups),
  attackOrder(groups),
  ...(["acyclic", "full"] as const).flatMap((feedback) => beside(groups, feedback)),
  ...attacked(groups),
];

const standing = (holds: boolean) => (holds ? "reached" : "not reached");
const bounded = (groups: readonly Group[]) => groups.filter(({ bound }) => bound !== null);
const ratios = ({ fits }: Group) => fits.map(({ observed, bound }) => observed / bound!);

function withinBounds(groups: readonly Group[]): Line {
  const all = bounded(groups).flatMap(ratios);
  // Found in float32 and computed again in float64; beyond that a bound is a bound.
  const within = all.filter((ratio) => ratio <= 1).length;
  return {
    what: "observed gain within the bound",
    published: "10 of 10",
    ours: `${within} of ${all.length}; at most ${(100 * Math.max(...all)).toFixed(1)} % of it`,
    standing: standing(within === all.length),
    note: "the bound is proven in float64 of each network's float32 weights",
  };
}

function nearBounds(groups: readonly Group[]): Line {
  const near = bounded(groups).filter((group) => Number(boundOf(group)) <= tight);
  const shares = near.map((group) => group.observed.middle / group.bound!);
  const least = Math.min(...shares);
  return {
    what: `least share of a tight bound (γ ≤ ${tight} %) that is attained, medians`,
    published: "86 %",
    ours: `${(100 * least).toFixed(0)} %`,
    standing: standing(least >= tightShare),
    note: `wanted: ${100 * tightShare} %`,
  };
}

function fallsWithBound(groups: readonly Group[]): Line {
  const kinds = (["acyclic", "full"] as const).map((kind) => rensOf(groups, kind));
  const steps = kinds.flatMap((kind) =>
    kind.slice(1).map((group, i) => group.nrmse.middle - kind[i].nrmse.middle),
  );
  return {
    what: "NRMSE falls from each bound to the next wider",
    published: "10 of 10",
    ours: `${steps.filter((step) => step < 0).length} of ${steps.length}`,
    standing: standing(steps.every((step) => step < slack)),
    note: `medians; a rise of less than ${slack} point counts as none`,
  };
}

function acyclicAgainstFull(groups: readonly Group[]): Line[] {
  const [acyclic, full] = [rensOf(groups, "acyclic"), rensOf(groups, "full")];
  const differences = full.flatMap((group) => {
    const other = acyclic.find((one) => boundOf(one) === boundOf(group));
    return other ? [other.nrmse.middle - group.nrmse.middle] : [];
  });
  if (differences.length === 0) return [];
  const signed = (x: number) => `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(1)}`;
  const [least, most] = [Math.min(...differences), Math.max(...differences)];
  return [
    {
      what: "NRMSE of acyclic above that of full, points, over the bounds",
      published: "−2.1 … −0.3",
      ours: `${signed(least)} … ${signed(most)}`,
      standing: standing(most < slack),
      note: "wanted: acyclic loses nothing",
    },
  ];
}

/** RNN, LSTM and the networks with tight bounds, where they are. */
function attackGroups(groups: readonly Group[]) {
  const kind = (name: string) => groups.find(({ network }) => network.kind === name);
  const acyclic = rensOf(groups, "acyclic");
  const bound = (percent: number) => acyclic.find((group) => boundOf(group) === percent);
  return { rnn: kind("rnn-tanh"), lstm: kind("lstm"), ren40: bound(40), ren10: bound(10) };
}

function attackOrder(groups: readonly Group[]): Line {
  const { rnn, lstm, ren40, ren10 } = attackGroups(groups);
  const order = [rnn, lstm, ren40, ren10].filter((group) => group !== undefined);
  const falls = order.every(
    (group, i) => i === 0 || group.attack.middle < order[i - 1].attack.middle,
  );
  const free = [rnn, lstm].filter((group) => group !== undefined);
  const times =
    Math.min(...free.map(({ attack }) => attack.middle)) / (ren40?.attack.middle ?? NaN);
  return {
    what: "gain under attack, unconstrained over REN γ 40 %, the lesser of the two",
    published: `× ${(publishedAttack.lstm / publishedAttack.ren40).toFixed(1)}`,
    ours: `× ${times.toFixed(1)}`,
    standing: "",
    note: falls
      ? "in the published order RNN > LSTM > γ 40 > γ 10"
      : "not in the published order RNN > LSTM > γ 40 > γ 10",
  };
}

/** Another plant and another scale: beside one another, not judged. */
function beside(groups: readonly Group[], feedback: "acyclic" | "full"): Line[] {
  return rensOf(groups, feedback).map((group) => {
    const bound = boundOf(group)!;
    const at = (publishedBounds as readonly Bound[]).indexOf(bound);
    const { observed, nrmse } = publishedTable[feedback];
    const { bound: gamma } = group;
    const used =
      gamma === null ? "" : `, ${((100 * group.observed.middle) / gamma).toFixed(0)} % of γ`;
    const theirs =
      at < 0
        ? ""
        : `gain ${observed[at].toFixed(1)}${bound === "none" ? "" : `, ${((100 * observed[at]) / bound).toFixed(0)} % of γ`}; NRMSE ${nrmse[at].toFixed(1)} %`;
    return {
      what: `${feedback}, γ ${boundName(bound)}${gamma === null ? "" : ` = ${gamma.toFixed(2)}`}`,
      published: theirs,
      ours: `gain ${inWords(group.observed, 2)}${used}; NRMSE ${inWords(group.nrmse)} %`,
      standing: "",
      ...(at >= 0 && { note: "published on the F16 data, γ not in percent" }),
    };
  });
}

function attacked(groups: readonly Group[]): Line[] {
  const found = attackGroups(groups);
  return Object.entries(found).flatMap(([key, group]) =>
    group === undefined
      ? []
      : [
          {
            what: `gain under ‖Δu‖ < 0.05: ${group.name}`,
            published: String(publishedAttack[key as keyof typeof publishedAttack]),
            ours: inWords(group.attack, 2),
            standing: "" as const,
          },
        ],
  );
}
