/**
 * From a change of an endless stream to its sound, for a listener who plays each stream from its first chunk on: over
 * WebSocket by `ahead`, with what was sent left alone and with `revise`; on the server's own output, changed over OSC and
 * by a MIDI controller. Whether the recipe of each makes the same samples again. Without a clock: whether one hears where
 * rows were drawn again, from the first frame of a row on or a later one (ranks as in `seam.ts`), and how far, step by step, the sound is from the one without the change.
 * `node --import tsx server/bench/stream-change.ts [--changes 20] [--only live|seams] [--classes 15] [--voice ID] [--models DIR]`
 */
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeMessage } from '../../protocol/codecs/osc-packet.ts';
import { decodePcm, mixText, msgpackCodec } from '../../protocol/index.ts';
import { createApp } from '../app.ts';
import { joined } from '../audio/join.ts';
import { resolveConfig } from '../config.ts';
import { logMel, type MelSpec } from '../engine/dsp/mel.ts';
import { type CutPlace, fadeOf } from '../engine/inference/cut-place.ts';
import { compare, noPlaces, summed } from './seam-places.ts';
import { summary } from './summary.ts';
import { benchFlags, connect, machine, print, round } from './support.ts';
import { virtualMidi } from './virtual-midi.ts';

const flags = benchFlags({
  changes: { type: 'string', default: '20' },
  only: { type: 'string', default: '' },
  classes: { type: 'string', default: '15' },
});
const { models, voice, threads } = flags;
const count = Number(flags.changes);
const data = mkdtempSync(path.join(tmpdir(), 'foleyd-bench-'));
const { midi, send } = virtualMidi();
const config = resolveConfig({ data, models, voice, threads, output: 'none', port: 0, oscPort: 0, logLevel: 'silent' });
const app = await createApp(config, { midi });
await app.ready;
const client = await connect(app.urls.ws!, msgpackCodec);
const info = (await client.ask('voice.info', {})).data as {
  card: { classes: { name: string }[]; mel: Omit<MelSpec, 'rate'>; audio: { rate: number } };
};
const names = info.card.classes.map(({ name }) => name);
/** Whose seams are looked at. */
const seen = names.slice(0, Number(flags.classes));
const spec: MelSpec = { ...info.card.mel, rate: info.card.audio.rate };
const [one, other] = [names[5] ?? names[0]!, names[3] ?? names[1]!];

interface Heard {
  pcm: Float32Array;
  gaps: number;
  recipe: { stream: { args: Record<string, unknown> } };
  /** When the first chunk came, by performance.now(). */
  first: number;
  changes: { step: number; level?: number; redrawn?: boolean; frame?: number }[];
  stepSeconds: number;
}

async function listen(args: Record<string, unknown>, onBegun: (id: string) => void = () => undefined): Promise<Heard> {
  let [pcm, length, id] = [new Float32Array(1 << 16), 0, ''];
  const heard = { changes: [], first: 0, stepSeconds: 0 } as unknown as Heard;
  const end = await client.ask('stream.start', args, ({ event, data: told }) => {
    if (event === 'accepted') {
      id = String(told.stream);
      heard.stepSeconds = told.stepSeconds as number;
      if (args.audio === false) onBegun(id);
    } else if (event === 'changed') heard.changes.push(told as { step: number });
    else if (event === 'audio') {
      const part = decodePcm(told.pcm as Uint8Array, 'f32');
      length = (told.offset as number) + part.length;
      if (length > pcm.length) pcm = joined([pcm, new Float32Array(length)]);
      pcm.set(part, told.offset as number);
      if (heard.first > 0) return;
      heard.first = performance.now();
      onBegun(id);
    }
  });
  if (end.event !== 'done') throw new Error(JSON.stringify(end));
  return Object.assign(heard, end.data as Pick<Heard, 'gaps' | 'recipe'>, { pcm: pcm.slice(0, length) });
}

type Change = (stream: string, of: { level: boolean; i: number }) => unknown;

/** Alternately a level and a mix, a second apart. */
async function changing(args: Record<string, unknown>, change: Change) {
  const asked: { began: number; level: boolean }[] = [];
  let sounds = 0;
  const perform = async (id: string): Promise<void> => {
    if (args.audio === false) sounds = await soundsAt();
    for (let i = 0; i < 2 * count; i++) {
      await sleep(700 + 97 * (i % 7));
      const level = i % 2 === 0;
      asked.push({ began: performance.now(), level });
      await change(id, { level, i: i >> 1 });
    }
    await sleep(2000);
    await client.ask('stream.stop', { stream: id });
  };
  let performed: Promise<void> = Promise.resolve();
  const heard = await listen({ class: one, seed: 7, ...args }, (id) => {
    performed = perform(id);
  });
  await performed;
  const first = args.audio === false ? sounds : heard.first;
  const after = (level: boolean): number[] => {
    const told = heard.changes.filter((each) => (each.level !== undefined) === level);
    const calls = asked.filter((each) => each.level === level);
    const frameSeconds = spec.hop / spec.rate;
    return told.map(({ step, frame = 0 }, i) =>
      round(first + (step * heard.stepSeconds + frame * frameSeconds) * 1000 - calls[i]!.began),
    );
  };
  const of = (raw: number[]) => ({
    ...summary(raw),
    p95: round(raw.toSorted((a, b) => a - b)[Math.ceil(0.95 * raw.length) - 1]!),
  });
  const redrawn = heard.changes.filter((each) => each.redrawn === true).length;
  const again = await listen(heard.recipe.stream.args);
  const equal = args.audio === false ? null : Buffer.from(again.pcm.buffer).equals(Buffer.from(heard.pcm.buffer));
  return { ...args, gaps: heard.gaps, levelMs: of(after(true)), classMs: of(after(false)), redrawn, equal };
}

/** When the only voice of the output begins to sound, by performance.now(). */
async function soundsAt(): Promise<number> {
  const look = async (): Promise<{ voices: { active: number }; latency: number } | null> =>
    ((await app.connect().call('server.info', {})) as { playback: never }).playback;
  for (;;) {
    const playback = await look();
    if ((playback?.voices.active ?? 0) > 0) return performance.now() + playback!.latency * 1000;
    await sleep(1);
  }
}

const mixOf = (i: number): Record<string, number> => ({ [one]: 1, [other]: ((i % 4) + 1) / 4 });
const byWire: Change = (stream, { level, i }) =>
  client.ask('stream.set', { stream, ...(level ? { level: i % 2 === 0 ? -12 : 0 } : { class: mixOf(i) }) });
const socket = createSocket('udp4');
const byOsc: Change = (stream, { level, i }) => {
  const words = level ? ['level', i % 2 === 0 ? -12 : 0] : ['class', mixText(mixOf(i))];
  const typed = [stream, ...words].map((value) =>
    typeof value === 'string' ? ({ type: 'string', value } as const) : ({ type: 'float', value } as const),
  );
  socket.send(encodeMessage('/foley/stream/set', typed), app.ports.osc!, '127.0.0.1');
};
const byMidi: Change = (_stream, { level, i }) =>
  send(0, [0xb0, level ? 7 : 1, level ? 64 * (i % 2) : 30 + 30 * (i % 4)]);
const controls = [
  { cc: 1, set: 'mix', from: 0, to: 1, class: other },
  { cc: 7, set: 'level', from: -12, to: 12 },
];

async function live() {
  const results: Record<string, unknown>[] = [];
  const tell = async (via: string, args: Record<string, unknown>, change: Change): Promise<void> => {
    results.push({ via, ...(await changing(args, change)) });
    process.stderr.write(`${JSON.stringify(results.at(-1), (key, value) => (key === 'raw' ? undefined : value))}\n`);
  };
  await listen({ class: one, seconds: 3, live: false });
  await tell('websocket', { revise: true }, byWire);
  for (const ahead of [0.2, 0.3, 1]) await tell('websocket', { ahead }, byWire);
  await tell('osc, played', { play: true, audio: false }, byOsc);
  await tell('midi, played', { play: true, audio: false, controls }, byMidi);
  return results;
}

/**
 * Rows drawn again without anything that changes, from their first frame on and from each later one that a cut can begin
 * with, and the same places of the stream that was not cut.
 */
async function seams() {
  const ways = { cut: noPlaces(), cutWithinRow: noPlaces(), notCut: noPlaces() };
  for (const [seed, name] of seen.entries()) {
    const args = { class: name, seed, live: false, seconds: 30, temperature: 1 };
    const plain = await listen(args);
    const each = Math.round((plain.stepSeconds * spec.rate) / spec.hop);
    const { frames, last } = fadeOf(each);
    const places: CutPlace[] = [];
    for (let step = 24; step < 300; step += 21) places.push({ step, frame: places.length % (last + 1) });
    const changes = places.map((place) => ({ ...place, redrawn: true, temperature: 1 }));
    const redrawn = await listen({ ...args, changes });
    const at = (those: readonly CutPlace[]) => ({
      places: those.map(({ step, frame }) => (step * each + frame) * spec.hop),
      fade: frames * spec.hop,
      spec,
    });
    compare(redrawn.pcm, at(places.filter(({ frame }) => frame === 0)), ways.cut);
    compare(redrawn.pcm, at(places.filter(({ frame }) => frame > 0)), ways.cutWithinRow);
    compare(plain.pcm, at(places), ways.notCut);
  }
  return Object.fromEntries(Object.entries(ways).map(([way, those]) => [way, summed(those)]));
}

/** Mean difference of the log-mel (nats), by steps since a change of class, from the sound without it. */
async function effect() {
  const by: number[][] = Array.from({ length: 22 }, () => []);
  const at = 43;
  for (let seed = 0; seed < seen.length; seed++) {
    const to = names[(seed + 3) % names.length]!;
    const args = { class: names[seed]!, seed, live: false, seconds: 8 };
    const plain = await listen(args);
    const turned = await listen({ ...args, changes: [{ step: at, redrawn: true, class: to }] });
    const [a, b] = [plain, turned].map(({ pcm }) => logMel(pcm, spec));
    const frames = Math.round((plain.stepSeconds * spec.rate) / spec.hop);
    for (let step = -2; step < 20; step++) {
      let sum = 0;
      for (let frame = (at + step) * frames; frame < (at + step + 1) * frames; frame++)
        for (let bin = 0; bin < spec.bins; bin++)
          sum += Math.abs(a!.bands[bin * a!.frames + frame]! - b!.bands[bin * b!.frames + frame]!);
      by[step + 2]!.push(sum / frames / spec.bins);
    }
  }
  return by.map((raw, i) => ({ step: i - 2, nats: round(raw.reduce((sum, x) => sum + x, 0) / raw.length) }));
}

const loadBefore = loadavg();
const results = flags.only === 'seams' ? null : await live();
const redrawn = flags.only === 'live' ? null : { seams: await seams(), classChange: await effect() };
const loadAfter = loadavg();
socket.close();
client.close();
await app.close();
rmSync(data, { recursive: true });
print({
  bench: 'stream-change',
  ...machine(),
  voice,
  threads: Number(threads),
  loadBefore,
  loadAfter,
  results,
  redrawn,
});
