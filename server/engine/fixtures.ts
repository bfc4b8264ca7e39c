/** The random little voices of models/fixtures, for tests. */
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GraphName } from '../cards/graph-names.ts';
import { type VoiceCard, voiceHash } from '../cards/voice-card.ts';
import type { EngineRequest, EngineResult } from './engine.ts';
import { parseCard } from './inference/card.ts';
import type { ToChild } from './process/messages.ts';
import type { ProcessEvents } from './process/spawn.ts';

export const fixtures = ['tiny', 'tiny-time', 'tiny-stacked', 'tiny-vq', 'tiny-freq', 'tiny-padded'] as const;

export interface Golden {
  classWeights: number[];
  codes: number[];
  /** [cell][code]. */
  logits: number[][];
  greedy: number[];
  latent: number[];
  whole: { rms: number; audioEvery97th: number[] };
  firstCodebook: { rms: number; audioEvery97th: number[] };
}

export function voiceDir(name: (typeof fixtures)[number]): string {
  return fileURLToPath(new URL(`../../models/fixtures/${name}`, import.meta.url));
}

export function card(name: (typeof fixtures)[number]): VoiceCard {
  return parseCard(readFileSync(path.join(voiceDir(name), 'card.json'), 'utf8'));
}

export function golden(name: (typeof fixtures)[number]): Golden {
  return JSON.parse(readFileSync(path.join(voiceDir(name), 'golden.json'), 'utf8')) as Golden;
}

export function request(name: (typeof fixtures)[number], change: Partial<EngineRequest> = {}): EngineRequest {
  const classWeights = card(name).classes.map((_, index) => (index === 0 ? 1 : 0));
  return requestOf(voiceDir(name), classWeights, change);
}

/** A clip of seed 1 of any voice, nothing about it set. */
export function requestOf(
  dir: string,
  classWeights: readonly number[],
  change: Partial<EngineRequest> = {},
): EngineRequest {
  const sampling = { seed: 1, temperature: 1, topK: 0, topP: 1, rate: 22_050, previews: false };
  return { voiceDir: dir, classWeights, ...sampling, ...change };
}

/** A copy of a fixture to do harm to; `remove` takes it away. */
export function copyOf(name: (typeof fixtures)[number]): { dir: string; remove: () => void } {
  const parent = mkdtempSync(path.join(tmpdir(), 'foleyd-voice-'));
  const dir = path.join(parent, name);
  cpSync(voiceDir(name), dir, { recursive: true });
  return { dir, remove: () => rmSync(parent, { recursive: true, force: true }) };
}

/** Rewrites a copy's card so that it describes `bytes` as its graph `name`, hashes and all. */
export function updateHashes(dir: string, name: GraphName, bytes: Uint8Array): void {
  const file = path.join(dir, 'card.json');
  const changed = JSON.parse(readFileSync(file, 'utf8')) as VoiceCard;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  Object.assign(changed.graphs[name]!, { sha256, bytes: bytes.length });
  changed.hash = voiceHash(changed.graphs);
  writeFileSync(file, JSON.stringify(changed));
}

/** An engine process that does what a test says. */
export class FakeProcess {
  readonly pid = 1;
  readonly sent: ToChild[] = [];
  killed = false;
  readonly events: ProcessEvents;
  readonly #answered = new Set<number>();

  constructor(events: ProcessEvents) {
    this.events = events;
  }

  send(message: ToChild): void {
    this.sent.push(structuredClone(message));
  }

  async stop(): Promise<void> {}

  kill(): void {
    this.killed = true;
    this.events.onExit('SIGKILL');
  }

  ready(): void {
    this.events.onMessage({ type: 'ready', provider: 'cpu', problems: {}, ortVersion: '1' });
  }

  /** Tasks it was given and has not answered. */
  get open(): number[] {
    return this.sent.flatMap((message) =>
      message.type !== 'cancel' && message.type !== 'steer' && !this.#answered.has(message.task) ? [message.task] : [],
    );
  }

  /** Answers the clip of a seed, or the last task it was given. */
  finish(seed?: number): void {
    const task = seed === undefined ? this.sent.at(-1)!.task : this.#taskOf(seed);
    this.#answered.add(task);
    const timings = { sampleMs: 1, decodeMs: 1, vocodeMs: 1, firstRowMs: 1, firstPreviewMs: null, totalMs: 3 };
    const result: EngineResult = { codes: new Uint16Array(1), rate: 1, pcm: new Float32Array(1), timings };
    this.events.onMessage({ type: 'done', task, result, status: { voices: [], memoryMb: 1 } });
  }

  /** Tells of a row of the clip of a seed. */
  row(seed: number, row: number): void {
    const event = { type: 'row', row, rows: 8, codes: new Uint16Array(1) } as const;
    this.events.onMessage({ type: 'event', task: this.#taskOf(seed), event });
  }

  #taskOf(seed: number): number {
    const asked = this.sent.findLast((message) => message.type === 'run' && message.request.seed === seed);
    if (asked === undefined) throw new Error(`seed ${seed} was not requested`);
    return asked.task;
  }
}
