/**
 * MIDI without a device: from bytes to the event, and what the clock makes of ticks that jitter.
 * `node --import tsx server/bench/midi.ts [--messages 1000000] [--minutes 10]`
 *
 * Ticks are simulated, so the clock's figures are the same on every machine. `next` is asked once in each beat for the
 * beat after it and for one four beats on, and compared with where that beat really was.
 */
import { cellUniform } from '../engine/dsp/philox.ts';
import { ByteSource } from '../midi/bytes.ts';
import { MidiClock } from '../midi/clock.ts';
import { openMidi } from '../midi/midi.ts';
import { benchFlags, machine, print } from './support.ts';

const flags = benchFlags({
  messages: { type: 'string', default: '1000000' },
  minutes: { type: 'string', default: '10' },
});

const digits = (value: number): number => (value > 1000 ? Math.round(value) : Math.round(value * 1000) / 1000);

function spread(values: number[]) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => digits(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** Notes, controllers and clock ticks as a busy input sends them, under running status, cut anywhere. */
async function bytes() {
  const system = new ByteSource().plug('bench');
  const midi = await openMidi({ system, devices: 'auto', log: () => undefined, now: () => performance.now() });
  let events = 0;
  midi.on(() => {
    events += 1;
  });
  const count = Number(flags.messages);
  const block: number[] = [0x90];
  for (let i = 0; i < 300; i++) {
    block.push(36 + (i % 40), i % 2 === 0 ? 100 : 0);
    if (i % 10 === 0) block.push(0xf8);
  }
  const blocks = Math.ceil(count / 300);
  const began = performance.now();
  for (let i = 0; i < blocks; i++) system.send('bench', block);
  const seconds = (performance.now() - began) / 1000;
  const throughput = { events, eventsPerSecond: digits(events / seconds) };
  const single: number[] = [];
  let heard = 0;
  midi.on(() => {
    heard = performance.now();
  });
  for (let i = 0; i < 100_000; i++) {
    const sent = performance.now();
    system.send('bench', [0x99, 36, i % 2 === 0 ? 100 : 0]);
    single.push((heard - sent) * 1000);
  }
  midi.close();
  return { ...throughput, bytesPerSecond: digits((blocks * block.length) / seconds), toEventUs: spread(single) };
}

type Noise = (random: () => number) => number;
const NOISE: Record<string, Noise> = {
  none: () => 0,
  'up to 1 ms': (random) => random(),
  'up to 5 ms': (random) => 5 * random(),
  '1 ms, one in 50 up to 20': (random) => (random() < 0.02 ? 20 : 1) * random(),
};

interface Trial {
  noise: Noise;
  /** Beats a minute at this beat. */
  tempo: (beat: number) => number;
  beats: number;
}

/** Errors in ms of `next`, by beat, for the next beat and four on; and of the tempo, in percent. */
function follow({ noise, tempo, beats }: Trial, seed: number) {
  let drawn = 0;
  const random = () => cellUniform(seed, drawn++);
  const true_: number[] = [0];
  for (let i = 0; i < (beats + 8) * 24; i++) true_.push(true_[i]! + 60_000 / tempo(i / 24) / 24);
  let now = 0;
  const clock = new MidiClock(() => now);
  clock.hear({ type: 'start' }, 0);
  const found: { beat: number; one: number | null; four: number | null; tempo: number | null }[] = [];
  for (let tick = 0; tick < beats * 24; tick++) {
    // A cable and a queue keep the order.
    now = Math.max(now, true_[tick]! + noise(random));
    clock.hear({ type: 'tick' }, now);
    if (tick % 24 !== 12) continue;
    const beat = (tick - 12) / 24;
    const [one, four] = [clock.next(1, now), clock.next(4, now)];
    const fourth = (Math.floor(beat / 4) + 1) * 4 * 24;
    found.push({
      beat,
      one: one === null ? null : one - true_[(beat + 1) * 24]!,
      four: four === null ? null : four - true_[fourth]!,
      tempo: clock.tempo === null ? null : (clock.tempo / tempo(tick / 24) - 1) * 100,
    });
  }
  return found;
}

function steady() {
  const table: Record<string, unknown>[] = [];
  for (const tempo of [60, 93.7, 120, 174]) {
    for (const [name, noise] of Object.entries(NOISE)) {
      const beats = Math.round(tempo * Number(flags.minutes));
      const found = follow({ noise, tempo: () => tempo, beats }, tempo).slice(2);
      const of = (key: 'one' | 'four' | 'tempo') => spread(found.map((one) => Math.abs(one[key] ?? Number.NaN)));
      table.push({
        tempo,
        late: name,
        beats: found.length,
        nextMs: of('one'),
        fourMs: of('four'),
        tempoPercent: of('tempo'),
      });
    }
  }
  return table;
}

/** Beats after a change until `next` stays within 6 ms, the most of a hundred runs; and the worst of it at each beat until then. */
function changes() {
  const kinds: Record<string, (beat: number) => number> = {
    '120 to 130 at once': (beat) => (beat < 16 ? 120 : 130),
    '120 to 90 at once': (beat) => (beat < 16 ? 120 : 90),
    '120 to 60 over 16 beats': (beat) => 120 - 60 * Math.min(1, Math.max(0, (beat - 16) / 16)),
    'start, with no tempo known': () => 120,
  };
  return Object.entries(kinds).flatMap(([kind, tempo]) =>
    ['none', 'up to 5 ms'].map((late) => {
      const from = kind.startsWith('start') ? 0 : 15;
      const runs = Array.from({ length: 100 }, (_, seed) => follow({ noise: NOISE[late]!, tempo, beats: 48 }, seed));
      const settled = runs.map((run) => {
        const wrong = run.filter(({ beat, one }) => beat > from && !(Math.abs(one ?? Number.NaN) < 6));
        return (wrong.at(-1)?.beat ?? from) - from;
      });
      const by = (beat: number) =>
        digits(Math.max(...runs.map((run) => Math.abs(run[from + beat]!.one ?? Number.NaN))));
      return { kind, late, beatsToWithin6Ms: Math.max(...settled), worstMsByBeat: [0, 1, 2, 3, 4].map(by) };
    }),
  );
}

print({ bench: 'midi', ...machine(), bytes: await bytes(), steady: steady(), changes: changes() });
