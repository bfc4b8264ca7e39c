/**
 * A clip of 4 s on the wire and back: msgpack with raw PCM against JSON with base64, in turns.
 * `node --import tsx server/bench/codecs.ts [--runs 60]`
 */
import { parseArgs } from 'node:util';
import {
  type Answer,
  type Codec,
  decodePcm,
  encodePcm,
  jsonCodec,
  limits,
  msgpackCodec,
} from '../../protocol/index.ts';
import { summary } from './summary.ts';
import { machine, print, round } from './support.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '60' } } });
const RATE = 22_050;
const samples = Float32Array.from({ length: 4 * RATE }, (_, i) => Math.sin(i * 0.05) * Math.cos(i * 0.0003));
const codecs = { json: jsonCodec, msgpack: msgpackCodec };

/** What the server does with a finished clip and what its client does with the chunks; returns a sum of what came. */
function there(codec: Codec): number {
  let heard = 0;
  for (let offset = 0; offset < samples.length; offset += limits.audioChunkFrames) {
    const pcm = encodePcm(samples.subarray(offset, offset + limits.audioChunkFrames), 'f32');
    const data = { index: 0, offset, total: samples.length, rate: RATE, channels: 1, format: 'f32', pcm };
    const frame = codec.encode({ id: '1', event: 'audio', data } as Answer);
    const { pcm: came } = codec.decodeAnswer(frame).data as { pcm: Uint8Array };
    heard += decodePcm(came, 'f32').length;
  }
  return heard;
}

const raw: Record<keyof typeof codecs, number[]> = { json: [], msgpack: [] };
const names = Object.keys(codecs) as (keyof typeof codecs)[];
for (let run = -10; run < Number(values.runs); run++) {
  for (const name of run % 2 === 0 ? names : names.toReversed()) {
    const began = performance.now();
    if (there(codecs[name]) !== samples.length) throw new Error(`${name} lost samples`);
    if (run >= 0) raw[name].push(performance.now() - began);
  }
}
const [json, msgpack] = [summary(raw.json), summary(raw.msgpack)];
print({ bench: 'codecs', ...machine(), unit: 'ms', ratio: round(json.median / msgpack.median), json, msgpack });
