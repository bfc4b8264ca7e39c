import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';

const HEAD = 58;
/** RIFF counts bytes in 32 bits. */
const MAX_BYTES = 2 ** 32 - 4096;
/** Recordings of one name in a folder; more are a mistake. */
const MAX_NAMES = 10_000;

/**
 * A WAV of 32-bit floats written while it plays; readable at any time but for the last second. An earlier recording stays:
 * where the name is taken, a number is put behind it. Throws when it cannot be opened, and where a write fails or the file
 * is as long as a WAV can be; what was recorded before stays.
 */
export class Recorder {
  /** Where it is written. */
  readonly path: string;
  readonly #file: number;
  readonly #rate: number;
  readonly #channels: number;
  #bytes = 0;
  #named = 0;

  constructor(wanted: string, rate: number, channels: number) {
    ({ path: this.path, file: this.#file } = openNew(wanted));
    this.#rate = rate;
    this.#channels = channels;
    this.#writeHead();
  }

  write(channels: readonly Float32Array[], frames: number): void {
    const out = new Float32Array(frames * channels.length);
    channels.forEach((channel, c) => {
      for (let i = 0; i < frames; i++) out[i * channels.length + c] = channel[i]!;
    });
    if (this.#bytes + out.byteLength > MAX_BYTES) throw new Error('a WAV holds no more than 4 GiB');
    this.#put(Buffer.from(out.buffer), HEAD + this.#bytes);
    this.#bytes += out.byteLength;
    if (this.#bytes - this.#named > this.#rate * this.#channels * 4) this.#writeHead();
  }

  close(): void {
    try {
      this.#writeHead();
    } finally {
      closeSync(this.#file);
    }
  }

  /** A disk that is nearly full takes a part. */
  #put(bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.#file, bytes, done, bytes.length - done, at + done);
  }

  #writeHead(): void {
    const head = Buffer.alloc(HEAD);
    const frame = this.#channels * 4;
    head.write('RIFF', 0);
    head.writeUInt32LE(HEAD - 8 + this.#bytes, 4);
    head.write('WAVEfmt ', 8);
    head.writeUInt32LE(18, 16);
    head.writeUInt16LE(3, 20);
    head.writeUInt16LE(this.#channels, 22);
    head.writeUInt32LE(this.#rate, 24);
    head.writeUInt32LE(this.#rate * frame, 28);
    head.writeUInt16LE(frame, 32);
    head.writeUInt16LE(32, 34);
    head.write('fact', 38);
    head.writeUInt32LE(4, 42);
    head.writeUInt32LE(this.#bytes / frame, 46);
    head.write('data', 50);
    head.writeUInt32LE(this.#bytes, 54);
    this.#put(head, 0);
    this.#named = this.#bytes;
  }
}

function openNew(wanted: string): { path: string; file: number } {
  const { dir, name, ext } = path.parse(wanted);
  for (let n = 1; n <= MAX_NAMES; n++) {
    const place = n === 1 ? wanted : path.join(dir, `${name}-${n}${ext}`);
    // A device or a pipe takes the bytes as they come, and holds none that could be lost.
    const found = statSync(place, { throwIfNoEntry: false });
    const flags = found === undefined || found.isFile() ? 'wx' : 'w';
    try {
      return { path: place, file: openSync(place, flags) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  throw new Error(`${wanted}: more than ${MAX_NAMES} recordings of this name exist; name another file`);
}
