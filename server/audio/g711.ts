/** The companding laws of telephony (ITU-T G.711) as tables from a byte to a sample in -1..1. */

/** Mu-law: a sign, three bits of exponent, four of mantissa, all inverted. */
export const G711_ULAW = Float32Array.from({ length: 256 }, (_, byte) => {
  const code = ~byte & 0xff;
  const magnitude = ((((code & 0x0f) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84;
  return ((code & 0x80) === 0 ? magnitude : -magnitude) / 32_768;
});

/** A-law: the same fields with every second bit inverted; the smallest segment is linear. */
export const G711_ALAW = Float32Array.from({ length: 256 }, (_, byte) => {
  const code = byte ^ 0x55;
  const [exponent, mantissa] = [(code & 0x70) >> 4, (code & 0x0f) << 4];
  const magnitude = exponent === 0 ? mantissa + 8 : (mantissa + 0x108) << (exponent - 1);
  return ((code & 0x80) === 0 ? -magnitude : magnitude) / 32_768;
});
