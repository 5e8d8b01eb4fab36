/** The Castagnoli polynomial, reflected. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C of bytes begin … end−1 (RFC 3720, appendix B.4). */
export function crc32c(bytes: Uint8Array, begin = 0, end = bytes.length): number {
  let crc = 0xffffffff;
  for (let i = begin; i < end; i++) crc = table[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/**
 * The checksum as TensorFlow's record files hold it: rotated and shifted, since a CRC of bytes that
 * hold their own CRC is a weak one.
 *
 * TensorFlow, tensorflow/core/lib/hash/crc32c.h.
 */
export function maskedCrc32c(bytes: Uint8Array, begin = 0, end = bytes.length): number {
  const crc = crc32c(bytes, begin, end);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
