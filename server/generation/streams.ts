import { type EventData, limits, ProtocolError } from '../../protocol/index.ts';
import { joined } from '../audio/join.ts';
import type { Clips } from '../clips/clip.ts';
import type { Context } from '../dispatch/dispatcher.ts';
import type { Engine } from '../engine/engine.ts';
import { isWithin } from '../util/folders.ts';
import type { Catalog } from '../voices/voice.ts';
import { spelledOut } from './envelope.ts';
import { checkFollows } from './followed.ts';
import { recipeOf, type SetArgs, type StartArgs, type Stream, type StreamOutput } from './stream.ts';
import { beginStream } from './stream-begin.ts';
import { changeOf, costOf } from './stream-change.ts';
import { type ControllerEvents, StreamControls } from './stream-controls.ts';
import { type LeaseRules, leaseMs, watchLease } from './stream-lease.ts';
import { runStream } from './stream-run.ts';
import { orderOf } from './voice-class.ts';

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

/**
 * All endless streams, each owned by the client that started it. A client that knows a stream's id may change and
 * stop it.
 */
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
      throw new ProtocolError(
        'too_many_streams',
        `${maxStreams} streams are playing already; end one with stream.stop, or raise --limits streams=`,
      );
    this.#coming += 1;
    let stream: Stream;
    try {
      if (context.args.as !== undefined && this.#streams.has(context.args.as)) throw taken(context.args.as);
      stream = await beginStream(context.args, this.#deps.catalog, this.#deps.clips);
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
      return await runStream(stream, context, this.#deps.engine, (error) => this.#end(stream, error));
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

  /** Throws unknown_stream, unknown_class, bad_args, queue_full after too many changes, or why a clip cannot be followed. */
  async change(id: string, { envelope, ...change }: SetArgs): Promise<void> {
    if (envelope === undefined) return this.set(id, change);
    const { first } = this.#find(id);
    checkFollows(first.voice, orderOf(first), 'envelope');
    this.set(id, { ...change, envelope: await spelledOut(envelope, first.voice, this.#deps.clips) });
  }

  /** The same at once, of an envelope that is spelled out. */
  set(id: string, change: SetArgs): void {
    const stream = this.#find(id);
    const cost = costOf(change);
    if (stream.asked + cost > limits.streamChanges)
      throw new ProtocolError(
        'queue_full',
        `stream ${id} has as many changes as one may have, ${limits.streamChanges}; start another`,
      );
    const order = changeOf(stream, change, 'args');
    stream.asked += cost;
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
      throw new ProtocolError(
        'bad_args',
        'args.stream: no audio of this stream was sent yet; keep it after its first audio event',
        { path: 'args.stream' },
      );
    const pcm = joined(stream.latest).slice(-length);
    const recipe = recipeOf(stream, stream.sent - length);
    // With its name from the start: one that is named afterwards may be there without, and its request failed.
    const { format } = stream.args;
    const saved = await this.#deps.clips.save({ pcm, rate, format, recipe, ...(name === undefined ? {} : { name }) });
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
}

function taken(id: string): ProtocolError {
  const message = `args.as: stream ${id} is playing already; stop it, or choose another id`;
  return new ProtocolError('bad_args', message, { path: 'args.as' });
}
