// Asks for a sound over WebSocket with the project's own client and writes it: generate.ts [class] [file.wav] [seed]
import { writeFile } from 'node:fs/promises';
import process from 'node:process';
import WebSocket from 'ws';
import { connect } from '../../protocol/client.ts';

const [what = 'DogBark', file = 'bark.wav', seed = '42'] = process.argv.slice(2);
const url = process.env.FOLEYD_URL ?? 'ws://127.0.0.1:9247/ws';

const client = await connect(url, { codec: 'msgpack', WebSocket });
try {
  const { clips, timings } = await client.generate(
    { class: what, seed, previews: true },
    {
      onAccepted: ({ job, voice }) => console.log(`accepted as ${job}, voice ${voice}`),
      onRow: ({ row, rows }) => console.log(`row ${row + 1} of ${rows}`),
      onPreview: ({ codebooks, pcm }) => console.log(`preview of ${codebooks} codebooks, ${pcm.length / 4} samples`),
    },
  );
  const sound = clips[0]?.sound;
  if (!sound) throw new Error('the server sent no sound');
  await writeFile(file, wavOf(sound.pcm, sound.rate));
  console.log(
    `done: ${file}, ${(sound.pcm.length / sound.rate).toFixed(2)} s, made in ${Math.round(timings.totalMs)} ms`,
  );
} catch (error) {
  console.error(`failed: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  client.close();
}

/** A WAV of 32-bit float samples, mono: three chunks, fmt, fact and data. */
function wavOf(pcm: Float32Array, rate: number): Buffer {
  const head = Buffer.alloc(58);
  const samples = Buffer.alloc(pcm.length * 4);
  for (const [i, value] of pcm.entries()) samples.writeFloatLE(value, i * 4);
  head.write('RIFF', 0);
  head.writeUInt32LE(50 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(18, 16);
  head.writeUInt16LE(3, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 4, 28);
  head.writeUInt16LE(4, 32);
  head.writeUInt16LE(32, 34);
  head.write('fact', 38);
  head.writeUInt32LE(4, 42);
  head.writeUInt32LE(pcm.length, 46);
  head.write('data', 50);
  head.writeUInt32LE(samples.length, 54);
  return Buffer.concat([head, samples]);
}
