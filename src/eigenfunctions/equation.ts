import type { RecurrentNetwork } from "./network.ts";
import { commonRate } from "./network.ts";

/** The equation that a network was read as, in one line. */
export function equationOf(network: RecurrentNetwork): string {
  const { form, time, activation, B, theta } = network;
  const sigma = activation.name;
  const shift = theta.some((value) => value !== 0);
  const input = B === null ? "" : " + B s";
  if (form === "cell") {
    const pushed = `${sigma}(W h${shift ? " + b" : ""}${input})`;
    if (time.kind === "continuous") return `dh/dt = −${rateText(network)}h + ${pushed}`;
    return time.leak === 1
      ? `h′ = ${pushed}`
      : `h′ = ${digits(1 - time.leak)} h + ${digits(time.leak)} ${pushed}`;
  }
  const pushed = `W ${sigma}(x)${shift ? " + θ" : ""}${input}`;
  if (time.kind === "continuous") return `dx/dt = −${rateText(network)}x + ${pushed}`;
  return time.leak === 1
    ? `x′ = ${pushed}`
    : `x′ = ${digits(1 - time.leak)} x + ${digits(time.leak)} (${pushed})`;
}

function rateText(network: RecurrentNetwork): string {
  const rate = commonRate(network);
  return rate === null ? "D " : rate === 1 ? "" : `${digits(rate)} `;
}

const digits = (value: number) => String(Number(value.toPrecision(6))).replace("-", "−");

/** The law of an eigenfunction of this eigenvalue, for a reader. */
export function lawOf({ time }: RecurrentNetwork, eigenvalue: number): string {
  const shown = digits(eigenvalue);
  if (time.kind === "discrete")
    return eigenvalue === 0 ? "φ(x′) = 0 after one step" : `φ(x_k) = ${shown}ᵏ φ(x_0)`;
  return `φ(x(t)) = exp(${eigenvalue === -1 ? "−" : shown}t) φ(x(0))`;
}
