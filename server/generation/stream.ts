import { type Args, type EventData, limits, type ProtocolError } from '../../protocol/index.ts';
import type { ClipRecipe } from '../clips/clip.ts';
import type { EngineRun } from '../engine/engine.ts';
import type { VoiceClass } from './voice-class.ts';

/** Where the server plays a stream itself. */
export interface StreamOutput {
  /** Null if there is none. */
  readonly device: string | null;
  /** How often it waited for sound that was not there in time. */
  readonly pauses: number;
  /** In place of what was added from this sample on. */
  add(offset: number, pcm: Float32Array): void;
  /** All of it was added: resolves when it has sounded, or was stopped. */
  end(): Promise<void>;
  stop(): void;
}

export type StartArgs = Args<'stream.start'>;
export type SetArgs = Omit<Args<'stream.set'>, 'stream'>;
export type Changed = EventData<'stream.start', 'changed'>;

/** What was asked for of class and guidance so far: a class that comes later has its own guidance where none was named. */
export type Wanted = Pick<StartArgs, 'class' | 'avoid' | 'guidance'>;

/** An endless sound, until it is stopped. */
export interface Stream {
  id: string;
  args: StartArgs & { seed: number };
  /** What it begins with. */
  first: VoiceClass;
  voiceDir: string;
  wanted: Wanted;
  changes: Changed[];
  /** Changes that were asked for, those known before included. */
  asked: number;
  run: EngineRun | null;
  output: StreamOutput | null;
  /** Samples that were sent, and the latest of them. */
  sent: number;
  latest: Float32Array[];
  latestSamples: number;
  gaps: number;
  /** When somebody last changed or kept it, by performance.now(). */
  touched: number;
  /** Why it ends before its time: null is a stop, which is no failure. */
  stopped: { error: ProtocolError | null; quiet?: boolean } | null;
}

/** Counts what was sent, and holds the latest of it. What comes takes the place of what was sent from its offset on. */
export function remember(stream: Stream, offset: number, pcm: Float32Array, rate: number): void {
  const { latest } = stream;
  for (let extra = stream.sent - offset; extra > 0; ) {
    const last = latest.pop();
    if (last === undefined) break;
    const rest = last.subarray(0, Math.max(0, last.length - extra));
    if (rest.length > 0) latest.push(rest);
    stream.latestSamples -= last.length - rest.length;
    extra -= last.length - rest.length;
  }
  stream.sent = offset + pcm.length;
  latest.push(pcm);
  stream.latestSamples += pcm.length;
  while (stream.latestSamples - latest[0]!.length >= limits.streamKeepSeconds * rate)
    stream.latestSamples -= latest.shift()!.length;
}

/** Of a clip that begins with sample `offset` of what was sent. */
export function recipeOf(stream: Stream, offset: number): ClipRecipe {
  const { args, first } = stream;
  const { voice, chosen, guidance, avoid } = first;
  const { seed, temperature, topK, topP, density = 0 } = args;
  return {
    voice: voice.hash,
    voiceId: voice.id,
    class: chosen.label,
    classWeights: chosen.weights,
    seed,
    temperature,
    topK,
    topP,
    guidance,
    rate: voice.rate,
    ...(density === 0 ? {} : { density }),
    ...(avoid === null ? {} : { avoid: avoid.label, avoidWeights: avoid.weights }),
    stream: { offset, args: againOf(stream) },
  };
}

/** Arguments that say how a stream is heard, and do not change its sound. */
const ofOneTime: ReadonlySet<string> = new Set([
  ...([
    'live',
    'seconds',
    'changes',
    'as',
    'audio',
    'revise',
    'play',
    'bus',
    'pan',
    'controls',
    'lease',
  ] satisfies (keyof StartArgs)[]),
]);

/** The arguments that make as much of a stream again as was sent of it. */
function againOf({ args, changes, sent, first: { voice } }: Stream): Record<string, unknown> {
  const known = Object.entries(args).filter(([name, value]) => value !== undefined && !ofOneTime.has(name));
  const again = { ...Object.fromEntries(known), live: false };
  // Before anything of it was made only what was asked for is known.
  if (sent === 0)
    return { ...again, changes: args.changes, ...(args.seconds === undefined ? {} : { seconds: args.seconds }) };
  const sorted = changes.toSorted((one, other) => one.step - other.step);
  return { ...again, changes: sorted, seconds: sent / voice.rate };
}
