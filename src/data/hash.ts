/** MurmurHash3's finaliser, a bijection of 32 bits in which each input bit reaches every other. */
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * Four well-mixed 32-bit integers that depend on every word and on their order. Equal on every
 * machine. For keys and buckets, not for secrets.
 *
 * @param words  integers, of which the low 32 bits count
 */
export function hash128(words: ArrayLike<number>): [number, number, number, number] {
  // Digits of √2, √3, √5, √7: anything but zero, which mix() would leave where it is.
  let [a, b, c, d] = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a];
  // A round can be undone when its word is known, so no word makes the state forget the earlier.
  const absorb = (word: number) => {
    a = mix((a + Math.imul(word, 0x9e3779b1) + d) | 0);
    b = mix((b + Math.imul(word, 0x85ebca77) + a) | 0);
    c = mix((c + Math.imul(word, 0xc2b2ae3d) + b) | 0);
    d = mix((d + Math.imul(word, 0x27d4eb2f) + c) | 0);
  };
  for (let i = 0; i < words.length; i++) absorb(words[i]);
  absorb(words.length);
  return [a, b, c, d];
}
