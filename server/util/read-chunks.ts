import { createReadStream } from 'node:fs';

/**
 * The bytes of a file, or those from `start` up to and including `end`. The file is opened by whoever asks for the
 * first chunk, never before: a stream that is open and has no reader yet holds a descriptor for as long as it waits,
 * and its `error` has no listener and ends the process.
 */
export async function* readChunks(file: string, range: { start?: number; end?: number } = {}): AsyncGenerator<Buffer> {
  yield* createReadStream(file, range) as AsyncIterable<Buffer>;
}
