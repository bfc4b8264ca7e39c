import { randomBytes, randomInt } from 'node:crypto';
import { type EventData, encodePcm, limits, ProtocolError, toProtocolError } from '../../protocol/index.ts';
import { joined } from '../audio/join.ts';
import type { Clips } from '../clips/clip.ts';
import type { Context } from '../dispatch/dispatcher.ts';
import type { EndlessChange, Engine, EngineEvent } from '../engine/engine.ts';
import { isTimeMajor } from '../engine/inference/code-grid.ts';
import { isWithin } from '../util/folders.ts';
import type { Catalog, Voice } from '../voices/voice.ts';
import { resolveClass } from './class-weights.ts';
import { gridOf } from './code-grid.ts';
import {
  type Changed,
  recipeOf,
  remember,
  type SetArgs,
  type StartArgs,
  type Stream,
  type StreamOutput,
  type Wanted,
} from './stream.ts';
import { type ControllerEvents, checkControls, StreamControls } from './stream-controls.ts';
import { type LeaseRules, leaseMs, watchLease } from './stream-lease.ts';
import { modelOf, orderOf, understoodOf, voiceClassOf } from './voice-class.ts';

/** What is rendered together of what is made ahead; the rest is there for making it in time. */
const PART_OF_AHEAD = 0.6;

export interface StreamDeps {
  engine: Engine;
  catalog: Catalog;
  clips: Clips;
  /** An output for sound of so many Hz; `onGone` hears that it plays no more, though the stream has not ended. */
  openOutput(rate: number, options: Pick<StartArgs, 'bus' | 'pan'>, onGone: () => void): Promise<StreamOutput>;
  midi: ControllerEvents;
  /** There are streams that MIDI controls, or none any more. */
  onControls: () => void;
  maxStreams: number;
  lease: LeaseRules;
}

/** Sounds that go on for ever, each for the client that asked for it. Who knows a stream's id may change and end it. */
export class Streams {
  readonly #deps: StreamDeps;
  readonly #streams = new Map<string, Stream>();
  /** Those that were stopped and have not ended: their names and their places are free at once, for as many as may play. */
  readonly #ending = new Set<Stream>();
  /** Those that are being looked up. */
  #coming = 0;
  #closed = false;

  constructor(deps: StreamDeps) {
    this.#deps = deps;
  }

  /** Resolves when it ends. Throws too_many_streams, not_streamable, unknown_voice, unknown_class, or why it failed. */
  async play(
    context: Pick<Context<'stream.start'>, 'args' | 'signal' | 'emit' | 'session'>,
  ): Promise<EventData<'stream.start', 'done'>> {
    const { maxStreams } = this.#deps;
    const lease = leaseMs(context.session, context.args.lease, this.#deps.lease);
    if (this.#closed) throw new ProtocolError('shutting_down');
    if (this.#streams.size + this.#coming >= maxStreams || this.#ending.size >= maxStreams)
      throw new ProtocolError('too_many_streams', `${maxStreams} streams are playing already, and no more may`);
    this.#coming += 1;
    let stream: Stream;
    try {
      stream = await this.#begin(context.args);
      const { play, bus, pan } = context.args;
      if (play)
        stream.output = await this.#deps.openOutput(stream.first.voice.rate, { bus, pan }, () =>
          this.#end(stream, null),
        );
    } finally {
      this.#coming -= 1;
    }
    if (this.#closed) throw new ProtocolError('shutting_down');
    // Two that were asked for at the same time.
    if (this.#streams.has(stream.id)) throw taken(stream.id);
    this.#streams.set(stream.id, stream);
    const controls = this.#listen(stream);
    const stopLease =
      lease === null ? null : watchLease(context.session, stream, lease, () => this.#end(stream, null, true));
    try {
      return await this.#run(stream, context);
    } finally {
      this.#remove(stream);
      this.#ending.delete(stream);
      stopLease?.();
      if (controls !== null) {
        controls.close();
        this.#deps.onControls();
      }
    }
  }

  /** Whether MIDI controls any. */
  get controlled(): boolean {
    return [...this.#streams.values()].some(({ args }) => args.controls.length > 0);
  }

  set(id: string, change: SetArgs): void {
    const stream = this.#find(id);
    if (stream.asked >= limits.streamChanges)
      throw new ProtocolError('queue_full', `stream ${id} was changed ${limits.streamChanges} times; start another`);
    const order = this.#change(stream, change, 'args');
    stream.asked += 1;
    stream.touched = performance.now();
    stream.run?.steer(order);
  }

  stop(id: string): void {
    this.#end(this.#find(id), null);
  }

  /** The latest of what was sent, as a clip. Throws unknown_stream, bad_args for one that has not begun, or io_error. */
  async keep(id: string, seconds: number, name?: string): Promise<EventData<'stream.keep', 'done'>> {
    const stream = this.#find(id);
    stream.touched = performance.now();
    const { rate } = stream.first.voice;
    const length = Math.min(stream.latestSamples, Math.round(seconds * rate));
    if (length === 0)
      throw new ProtocolError('bad_args', 'args.stream: no audio of it was sent yet', { path: 'args.stream' });
    const pcm = joined(stream.latest).slice(-length);
    const recipe = recipeOf(stream, stream.sent - length);
    const saved = await this.#deps.clips.save({ pcm, rate, format: stream.args.format, recipe });
    if (name !== undefined) await this.#deps.clips.change(saved.id, { name });
    return { clip: saved.id, seconds: length / rate, url: `/clips/${saved.id}.wav`, path: saved.path };
  }

  /** A stream of the voice in this folder, or of one that it carries along. */
  userOf(voiceDir: string): string | null {
    const all = [...this.#streams.values(), ...this.#ending];
    return all.find((stream) => isWithin(voiceDir, stream.voiceDir))?.id ?? null;
  }

  close(): void {
    this.#closed = true;
    for (const stream of this.#streams.values()) this.#end(stream, new ProtocolError('shutting_down'));
  }

  #listen(stream: Stream): StreamControls | null {
    const { id, args } = stream;
    if (args.controls.length === 0) return null;
    this.#deps.onControls();
    return new StreamControls(args.controls, args.class, this.#deps.midi, (change) => {
      // Another one may have its name by now.
      if (stream.stopped === null) this.set(id, change);
    });
  }

  /** False where another one has its name. */
  #remove(stream: Stream): boolean {
    return this.#streams.get(stream.id) === stream && this.#streams.delete(stream.id);
  }

  #find(id: string): Stream {
    const stream = this.#streams.get(id);
    if (stream !== undefined && stream.stopped === null) return stream;
    throw new ProtocolError('unknown_stream', undefined, { path: 'args.stream' });
  }

  #end(stream: Stream, error: ProtocolError | null, quiet = false): void {
    stream.stopped ??= { error, quiet };
    if (this.#remove(stream)) this.#ending.add(stream);
    stream.run?.cancel();
    stream.output?.stop();
  }

  async #begin(args: StartArgs): Promise<Stream> {
    if (!args.live && (args.seconds ?? Number.POSITIVE_INFINITY) > limits.streamSeconds) {
      const message = `args.seconds: expected at most ${limits.streamSeconds} where live is false`;
      throw new ProtocolError('bad_args', message, { path: 'args.seconds' });
    }
    if (args.play && !args.live) {
      const message = 'args.play: the server plays streams in real time; expected live to be true';
      throw new ProtocolError('bad_args', message, { path: 'args.play' });
    }
    if (args.as !== undefined && this.#streams.has(args.as)) throw taken(args.as);
    const unsorted = args.changes.findIndex(({ step }, i) => step < (args.changes[i - 1]?.step ?? 0));
    if (unsorted >= 0) {
      const at = `args.changes.${unsorted}.step`;
      throw new ProtocolError('bad_args', `${at}: expected the step of the change before it, or a later one`, {
        path: at,
      });
    }
    checkControls(args.controls, args.class);
    const voice = await this.#deps.catalog.find(args.voice);
    for (const [i, { class: other }] of args.controls.entries())
      if (other !== undefined) resolveClass(voice, other, `args.controls.${i}.class`);
    const voiceClass = voiceClassOf(voice, args);
    const { voiceDir } = orderOf(voiceClass);
    checkStreamable(voice, voiceDir);
    const seed = args.seed ?? randomInt(0, limits.drawnSeedMax + 1);
    const { class: what, avoid, guidance } = args;
    return {
      id: args.as ?? randomBytes(8).toString('hex'),
      args: { ...args, seed, voice: voice.id },
      first: voiceClass,
      voiceDir,
      wanted: { class: what, avoid, guidance },
      changes: [],
      asked: args.changes.length,
      run: null,
      output: null,
      sent: 0,
      latest: [],
      latestSamples: 0,
      gaps: 0,
      touched: performance.now(),
      stopped: null,
    };
  }

  async #run(
    stream: Stream,
    { signal, emit }: Pick<Context<'stream.start'>, 'signal' | 'emit'>,
  ): Promise<EventData<'stream.start', 'done'>> {
    const { id, args, first: voiceClass } = stream;
    const { voice, chosen } = voiceClass;
    const { columnSeconds } = gridOf(voice.card);
    const { changes, seconds, live, ahead, level, format, seed, temperature, topK, topP } = args;
    const script = changes.map(({ step, ...change }, i) => ({
      ...this.#change(stream, change, `args.changes.${i}`),
      step,
    }));
    signal.throwIfAborted();
    emit('accepted', {
      stream: id,
      seed,
      voice: voice.id,
      class: chosen.label,
      rate: voice.rate,
      stepSeconds: columnSeconds,
      ...understoodOf(voiceClass),
      ...(stream.output === null ? {} : { device: stream.output.device }),
      recipe: { ...recipeOf(stream, 0) },
    });
    const hear = (event: EngineEvent): void => {
      if (stream.stopped !== null) return;
      if (event.type === 'changed') {
        const { label, level: moved } = event.change;
        const changed = { step: event.step, ...label, ...(moved === undefined ? {} : { level: moved }) } as Changed;
        // The recipe repeats the change, and this is no argument of one.
        const { understood: _, ...kept } = changed;
        stream.changes.push(kept);
        emit('changed', changed);
      } else if (event.type === 'sound') {
        const { step, offset, rate, pcm, gaps } = event;
        remember(stream, pcm, rate);
        stream.gaps = gaps;
        stream.output?.add(pcm);
        if (args.audio) emit('audio', { step, offset, rate, channels: 1, format, pcm: encodePcm(pcm, format) });
      }
    };
    stream.run = this.#deps.engine.run(
      {
        ...orderOf(voiceClass),
        seed,
        temperature,
        topK,
        topP,
        rate: voice.rate,
        previews: false,
        urgent: live,
        endless: {
          steps: seconds === undefined ? null : Math.max(1, Math.ceil(seconds / columnSeconds - 1e-9)),
          ahead: live ? ahead : null,
          partSeconds: ahead * PART_OF_AHEAD,
          level,
          changes: script,
        },
      },
      hear,
    );
    const gone = (): void => this.#end(stream, toProtocolError(signal.reason));
    signal.addEventListener('abort', gone, { once: true });
    try {
      await stream.run.done;
      await stream.output?.end();
    } catch (error) {
      if (stream.stopped === null) throw error;
      if (stream.stopped.error !== null) throw stream.stopped.error;
    } finally {
      signal.removeEventListener('abort', gone);
      stream.output?.stop();
    }
    const gaps = stream.gaps + (stream.output?.pauses ?? 0);
    const ended = stream.stopped?.quiet === true ? ({ ended: 'quiet' } as const) : {};
    return { stream: id, seconds: stream.sent / voice.rate, gaps, ...ended, recipe: { ...recipeOf(stream, 0) } };
  }

  /** What the engine is told. Classes of another of the voice's models have other codes, so they make another stream. */
  #change(stream: Stream, change: SetArgs, at: string): EndlessChange {
    const { class: what, avoid, guidance, temperature, level } = change;
    const order: EndlessChange = {
      ...(temperature === undefined ? {} : { temperature }),
      ...(level === undefined ? {} : { level }),
    };
    const label: Partial<Changed> = temperature === undefined ? {} : { temperature };
    if (what !== undefined || avoid !== undefined || guidance !== undefined) {
      const { voice } = stream.first;
      const wanted: Wanted = {
        class: what ?? stream.wanted.class,
        avoid: avoid ?? stream.wanted.avoid,
        guidance: guidance ?? stream.wanted.guidance,
      };
      const voiceClass = voiceClassOf(voice, wanted, `${at}.class`);
      const next = orderOf(voiceClass);
      if (next.voiceDir !== stream.voiceDir) {
        const message = `${at}.class: another model of voice ${voice.id} makes it, which cannot go on from this one; expected a class of the same model, or another stream`;
        throw new ProtocolError('bad_args', message, { path: `${at}.class` });
      }
      stream.wanted = wanted;
      Object.assign(order, { classWeights: next.classWeights, guidance: next.guidance, avoid: next.avoid ?? null });
      Object.assign(label, { class: voiceClass.chosen.label, guidance: next.guidance });
      Object.assign(label, understoodOf(voiceClass));
      if (voiceClass.avoid !== null) label.avoid = voiceClass.avoid.label;
    }
    return Object.keys(label).length === 0 ? order : { ...order, label };
  }
}

function taken(id: string): ProtocolError {
  const message = `args.as: stream ${id} is playing already; stop it, or choose another id`;
  return new ProtocolError('bad_args', message, { path: 'args.as' });
}

/** Throws not_streamable. */
function checkStreamable(voice: Voice, voiceDir: string): void {
  if (isTimeMajor(gridOf(modelOf(voice, voiceDir).card))) return;
  const message = `voice ${voice.id} cannot be streamed: the rows of its code grid are not time steps; use foley.generate, or another voice`;
  throw new ProtocolError('not_streamable', message, { path: 'args.voice' });
}
