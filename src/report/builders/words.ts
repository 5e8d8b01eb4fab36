/** A number in a sentence: three digits, as a human would write it. */
export function inWords(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) {
    return value
      .toExponential(digits - 1)
      .replace("e+", "e")
      .replaceAll("-", "−");
  }
  return String(Number(value.toPrecision(digits))).replace("-", "−");
}

export const percent = (share: number, digits = 2): string => `${inWords(100 * share, digits)} %`;

export const eigenvalueInWords = ({ re, im }: { re: number; im: number }): string =>
  im === 0 ? inWords(re, 5) : `${inWords(re, 5)} ± ${inWords(Math.abs(im), 5)} i`;

/** "1 mode", "2 modes". */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** A label at the head of a sentence: words get a capital, a name out of a log such as val_loss stays. */
export const head = (label: string): string => (/^[a-z ]+$/.test(label) ? capital(label) : label);

/** With a capital to begin a sentence. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
