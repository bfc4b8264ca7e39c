/** A trigger bank for tests, and what they expect to hear of it. */
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ProtocolError, parseArgs, type TriggerMap } from '../../../protocol/index.ts';
import { createOfflinePlayback } from '../../playback/offline.ts';
import { type BankOptions, TriggerBank } from '../bank.ts';
import type { ClipGenerator, GeneratedClip } from '../generator.ts';
import type { MidiEvent } from '../sources.ts';

export const RATE = 48_000;

export const map = (fields: Record<string, unknown>): TriggerMap =>
  parseArgs('trigger.map', { class: 'Rain', ...fields }) as TriggerMap;

/** A bank whose clips are half a second of one number, and whose time passes when the test renders. */
export function stage(options: Omit<Partial<BankOptions>, 'generator'> & { generator?: Partial<ClipGenerator> } = {}) {
  let seed = 0;
  const playback = createOfflinePlayback({ rate: RATE, began: 1_000_000 });
  const clip = (temperature = 1): GeneratedClip => {
    return { pcm: new Float32Array(RATE / 2).fill(0.1), rate: RATE, seed: seed++, temperature, guidance: 0 };
  };
  const saved: TriggerMap[][] = [];
  const midi = { listener: (_: MidiEvent): void => undefined };
  const { generator, ...rest } = options;
  const problems: string[] = [];
  const bank = new TriggerBank({
    generator: {
      check: async ({ class: label }) => {
        if (label === 'Unicorn') throw new ProtocolError('unknown_class', 'no unicorns');
        return [];
      },
      generate: async (_, temperatures, take) => {
        for (const temperature of temperatures) take(clip(temperature));
      },
      now: async (_, temperature) => clip(temperature),
      expectedMs: () => 1000,
      live: async () => null,
      ...generator,
    },
    playback: async () => playback,
    save: async (maps) => void saved.push([...maps]),
    log: (_, message) => problems.push(message),
    ...rest,
  });
  bank.listen({
    on: (listener) => {
      midi.listener = listener;
      return () => undefined;
    },
  });
  const note = (number: number, velocity: number, on = true, channel = 1, at = 0): void => {
    midi.listener({ type: 'note', channel, note: number, velocity, on, at, device: 'test' });
  };
  const cc = (controller: number, value: number, channel = 1): void => {
    midi.listener({ type: 'cc', channel, controller, value, at: 0, device: 'test' });
  };
  /** Loudest sample of the next milliseconds, left and right. */
  const heard = async (ms: number): Promise<[number, number]> => {
    await nextTurn();
    const out = playback.render((RATE * ms) / 1000);
    return out.map((channel) => channel.reduce((most, x) => Math.max(most, Math.abs(x)), 0)) as [number, number];
  };
  return { bank, playback, saved, note, cc, heard, problems, clip };
}

/** A queue that never comes to the pools. */
export const starve: ClipGenerator['generate'] = (_map, _temperatures, _take, signal) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

/** A hit at once, as hard as can be. */
export const now = { velocity: 1, at: null, wait: true };

export const near = (actual: number, expected: number): void => {
  assert.ok(Math.abs(actual - expected) < 2e-3, `${actual} is not ${expected}`);
};

export const centre = 0.1 * Math.SQRT1_2;
