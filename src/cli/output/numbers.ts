/** Numbers as a reader wants them. */

export const percent = (share: number, digits = 2): string => `${(100 * share).toFixed(digits)} %`;

export const grouped = (n: number): string => n.toLocaleString("en-US");

/** At most so many digits that mean something, without noughts at the end. */
export const short = (x: number, digits = 4): string => String(Number(x.toPrecision(digits)));

/** mm:ss, or h:mm:ss. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return `${hours > 0 ? `${hours}:` : ""}${two(minutes)}:${two(whole % 60)}`;
}
