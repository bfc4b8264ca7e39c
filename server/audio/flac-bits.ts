/** Bits, highest first, into bytes that grow. */
export class BitWriter {
  #bytes = new Uint8Array(1 << 14);
  #length = 0;
  /** Bits that wait for a whole byte, fewer than 8, and how many. */
  #held = 0;
  #count = 0;

  /** @param value taken modulo 2^bits, so that negative numbers are two's complement @param bits 0 to 32 */
  write(value: number, bits: number): void {
    for (let left = bits; left > 0; ) {
      const take = Math.min(left, 8 - this.#count);
      left -= take;
      // A shift of 32 would be none.
      const part = (value >>> left) & ((1 << take) - 1);
      this.#held = (this.#held << take) | part;
      this.#count += take;
      if (this.#count === 8) this.#push(this.#held);
    }
  }

  /** So many zeros and a one. */
  unary(zeros: number): void {
    let left = zeros;
    for (; left >= 31; left -= 31) this.write(0, 31);
    this.write(1, left + 1);
  }

  /** Zeros up to the next whole byte. */
  align(): void {
    if (this.#count > 0) this.write(0, 8 - this.#count);
  }

  /** The bytes so far; a part of one is not among them. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #push(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
    this.#held = 0;
    this.#count = 0;
  }
}

const table = (polynomial: number, bits: 8 | 16): Uint16Array =>
  Uint16Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << (bits - 8);
    const [top, mask] = [1 << (bits - 1), (1 << bits) - 1];
    for (let i = 0; i < 8; i++) crc = (crc & top ? (crc << 1) ^ polynomial : crc << 1) & mask;
    return crc;
  });
const [CRC8, CRC16] = [table(0x07, 8), table(0x8005, 16)];

export function crc8(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = CRC8[crc ^ byte]!;
  return crc;
}

export function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) & 0xffff) ^ CRC16[(crc >> 8) ^ byte]!;
  return crc;
}
