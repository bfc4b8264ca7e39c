/**
 * Whether one hears where a stretch of a clip was made anew (`foley.vary` with `from` and `to`): at both ends of what
 * changed, the change of the log-mel and the step in loudness as ranks among all places of the clip, as `seam.ts` has
 * them; beside it the same places of the clip before, and of one whose stretch comes from another clip with hard cuts.
 * `node --import tsx server/bench/stretch.ts [--seeds 3]`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Answer, decodePcm } from '../../protocol/index.ts';
import { createApp } from '../app.ts';
import { resolveConfig } from '../config.ts';
import type { MelSpec } from '../engine/dsp/mel.ts';
import { compare, noPlaces, summed } from './seam-places.ts';
import { benchFlags, machine, print } from './support.ts';

const flags = benchFlags({ seeds: { type: 'string', default: '3' } });
/** Seconds. */
const [FROM, TO] = [1.3, 2.4];

const data = mkdtempSync(path.join(tmpdir(), 'foleyd-bench-'));
const { models, voice, threads } = flags;
const app = await createApp(resolveConfig({ data, models, voice, threads, listen: false, logLevel: 'silent' }));
await app.ready;
const client = app.connect();
type Card = { classes: { name: string }[]; audio: { rate: number }; mel: Omit<MelSpec, 'rate'> };
const { card } = (await client.call('voice.info')) as unknown as { card: Card };
const spec = { ...card.mel, rate: card.audio.rate };
const { rate } = spec;

async function made(cmd: string, args: Record<string, unknown>): Promise<{ clip: string; pcm: Float32Array }> {
  let pcm = new Float32Array(0);
  const done = (await client.call(cmd, { ...args, save: true, rows: false }, ({ event, data: given }: Answer) => {
    if (event !== 'audio') return;
    if (pcm.length === 0) pcm = new Float32Array(given.total as number);
    pcm.set(decodePcm(given.pcm as Uint8Array, 'f32'), given.offset as number);
  })) as { clip: string };
  return { clip: done.clip, pcm };
}

const told = { anew: noPlaces(), before: noPlaces(), hardCut: noPlaces() };
let outside = 0;
const clips: { pcm: Float32Array; label: string }[] = [];
for (const { name } of card.classes) {
  for (let seed = 0; seed < Number(flags.seeds); seed++) {
    const { clip, pcm } = await made('foley.generate', { class: name, seed });
    const { pcm: anew } = await made('foley.vary', { clip, from: FROM, to: TO, seed: seed + 1000 });
    const differ = [...anew.keys()].filter((i) => anew[i] !== pcm[i]);
    const [first, last] = [differ[0] ?? 0, differ.at(-1) ?? 0];
    outside += differ.filter((i) => i < FROM * rate || i >= TO * rate).length;
    const fade = Math.round(0.05 * rate);
    const changed = { places: [first, last + 1 - fade], fade, spec };
    compare(anew, changed, told.anew);
    compare(pcm, changed, told.before);
    clips.push({ pcm, label: name });
  }
}
for (const [i, { pcm, label }] of clips.entries()) {
  const other = clips.find((one, n) => n !== i && one.label === label);
  if (other === undefined) continue;
  const [first, last] = [Math.round(FROM * rate), Math.round(TO * rate)];
  const cut = pcm.slice();
  cut.set(other.pcm.subarray(first, last), first);
  compare(cut, { places: [first, last], fade: 0, spec }, told.hardCut);
}
await app.close();
rmSync(data, { recursive: true });
print({
  bench: 'stretch',
  ...machine(),
  classes: card.classes.length,
  seeds: Number(flags.seeds),
  stretch: [FROM, TO],
  samplesChangedOutside: outside,
  anew: summed(told.anew),
  before: summed(told.before),
  hardCut: summed(told.hardCut),
  raw: told,
});
