/**
 * Plays one WAV in a child process: audio libraries write to the terminal from C, and a device that disappears can
 * crash the process. Sends null when playback has ended, otherwise the error.
 */
import { readFile } from 'node:fs/promises';
import { AudioContext } from 'node-web-audio-api';
import { resample } from '../audio/resample.ts';
import { decodeWav } from '../audio/wav.ts';

/** @param sink 'none' plays into nothing, in real time, on machines without sound */
async function play(file: string, sink: string | undefined): Promise<void> {
  const { pcm, rate } = decodeWav(await readFile(file));
  const nowhere = { sinkId: { type: 'none' } } as unknown as AudioContextOptions;
  const context = new AudioContext(sink === 'none' ? nowhere : { latencyHint: 'playback' });
  // The library's own conversion of rates is a straight line between samples.
  const samples = await resample(pcm, rate, context.sampleRate);
  const buffer = context.createBuffer(1, samples.length, context.sampleRate);
  buffer.copyToChannel(samples as Float32Array<ArrayBuffer>, 0);
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  const ended = new Promise<void>((resolve) => {
    source.onended = () => resolve();
  });
  source.start();
  await ended;
  await context.close();
}

const said = await play(process.argv[2] ?? '', process.argv[3]).then(
  () => null,
  (error: Error) => error.message,
);
process.send?.(said, () => process.exit());
