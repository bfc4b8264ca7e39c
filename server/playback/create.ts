import type { Worker } from 'node:worker_threads';
import type { LogLine } from '../util/log-line.ts';
import { startThread } from '../util/program.ts';
import { SteadyClock } from './clock.ts';
import type { FromMixer, ToMixer } from './messages.ts';
import type { GrowingSound, Playback, PlaybackInfo, PlayOptions, Prepared } from './playback.ts';
import type { DropOrder, ResampleOrder } from './resample-thread.ts';
import { createShared, SharedStatus } from './shared.ts';
import type { ThreadData } from './thread.ts';
import { PartialSound, type PassPart, Sound, Voices } from './voices.ts';

export interface PlaybackOptions {
  /** A device's name, `auto` for the system's, `none` for none, `void` for one that nobody hears. */
  output?: string;
  /** A WAV file that takes everything that is played; with a number behind its name where that is taken. */
  record?: string | null;
  /** Hz where there is no device. */
  rate?: number;
  log?: LogLine;
  /** What all times are of. */
  clock?: SteadyClock;
  /** Hears the milliseconds from each call of play() to its voice being scheduled. */
  onPlaced?: (ms: number) => void;
}

type State = Extract<FromMixer, { type: 'state' }>;

/** Samples of one sound at most: ten minutes at 192 kHz. */
const MAX_FRAMES = 192_000 * 600;

/** Milliseconds in which the thread lets its device go. */
const CLOSE_MS = 3000;

/** Starts the thread that mixes. Resolves in any case: without a device playback is headless and says why. */
export async function createPlayback(options: PlaybackOptions = {}): Promise<Playback> {
  const { output = 'auto', record = null, rate = 48_000, log = () => undefined, clock = new SteadyClock() } = options;
  const shared = createShared();
  const status = new SharedStatus(shared);
  const data: ThreadData = { shared, output, record, rate, origin: clock.origin };
  const thread = startThread(new URL('./thread.ts', import.meta.url), data);
  let state: State | null = null;
  let closing: Promise<void> | null = null;
  let gone: string | null = null;
  let unrecorded: string | null = null;
  let voices: Voices | null = null;
  const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  let leave = (): void => undefined;
  const left = new Promise<void>((resolve) => (leave = resolve));
  const lose = (why: string): void => {
    if (closing === null && gone === null) log('warn', `playback ended: ${why}`);
    gone ??= why;
    voices?.endAll();
  };
  await new Promise<void>((resolve) => {
    thread.on('message', (message: FromMixer) => {
      if (message.type === 'unrecorded') {
        unrecorded = `nothing is recorded: ${message.why}`;
        log('warn', unrecorded);
        return;
      }
      if (message.type === 'recording') return log('info', `recording to ${message.path}`);
      if (message.type !== 'state') return voices?.hear(message);
      state = message;
      if (message.device === null && output !== 'none') log('warn', `no audio output: ${message.problem}`);
      else log('info', message.device === null ? 'playback is headless' : `playing to ${message.device}`);
      resolve();
    });
    thread.once('error', (error) => lose(error instanceof Error ? error.message : String(error)));
    thread.once('exit', () => {
      lose('its thread ended');
      resolve();
    });
  });
  const { rate: hertz, channels } = (state as State | null) ?? { rate, channels: 2 };
  const post = (message: ToMixer): void => {
    if (gone === null && closing === null) thread.postMessage(message);
    else if (message.type === 'play') queueMicrotask(() => voices?.endAll());
  };
  voices = new Voices({
    rate: hertz,
    channels,
    post,
    now: () => clock.now(),
    mapping: () => {
      const { frame, ms, framesPerMs } = status.read();
      return framesPerMs > 0 ? { frame, ms, framesPerMs } : { frame: 0, ms: clock.now(), framesPerMs: hertz / 1000 };
    },
    frontier: () => status.read().frontier,
  });
  voices.onPlaced = options.onPlaced ?? null;

  let sounds = 0;
  const preparing = new Map<number, () => void>();
  /** Sounds that grow and are still referred to by whoever makes them. */
  const growing = new Map<number, WeakRef<PartialSound>>();
  const putPart = (sound: number, pcm: Float32Array, last: boolean, at?: number): void => {
    post({ type: 'part', sound, pcm, last, ...(at === undefined ? {} : { from: at }) });
    growing.get(sound)?.deref()?.arrived(pcm.length);
    if (last) growing.delete(sound);
  };
  const openResampler = (): Worker => {
    const worker = startThread(new URL('./resample-thread.ts', import.meta.url));
    worker.on('message', ({ sound, pcm, part }: Pick<ResampleOrder, 'sound' | 'pcm' | 'part'>) => {
      if (part !== undefined) {
        putPart(sound, pcm, part.last, part.from);
        return;
      }
      post({ type: 'sound', sound, pcm });
      preparing.get(sound)?.();
      preparing.delete(sound);
    });
    worker.on('error', (error) => log('warn', `a sound was not resampled: ${String(error)}`));
    worker.unref();
    return worker;
  };
  // Not when it is needed: the first sound that grows would begin late.
  const resampler = openResampler();
  const dropped = new FinalizationRegistry<number>((sound) => {
    growing.delete(sound);
    // One whose clip failed on the way has no last part.
    resampler.postMessage({ dropped: sound } satisfies DropOrder);
    post({ type: 'drop', sound });
  });

  return {
    info(): PlaybackInfo {
      const { latency, xruns } = status.read();
      const here = gone === null ? (state?.state ?? 'failed') : 'failed';
      return {
        state: closing !== null ? 'closed' : here,
        device: state?.device ?? null,
        problem: gone ?? ([state?.problem, unrecorded].filter((one) => one != null).join('; ') || null),
        rate: hertz,
        channels,
        latency,
        xruns,
        // Counted here, not by the mixer's thread, which hears of a hit a block later.
        voices: { active: voices.open, most: 64 },
      };
    },
    now: () => clock.now(),
    prepare(pcm: Float32Array, from: number): Prepared {
      const sound = ++sounds;
      const valid = Number.isFinite(from) && from >= 1000 && from <= 768_000 ? from : hertz;
      // Two threads have it, and one sample that is no number would silence everything.
      const copy = new Float32Array(new SharedArrayBuffer(4 * Math.min(pcm.length, MAX_FRAMES)));
      for (let i = 0; i < copy.length; i++) copy[i] = Number.isFinite(pcm[i]) ? pcm[i]! : 0;
      const frames = Math.round((copy.length * hertz) / valid);
      let ready = Promise.resolve();
      if (valid === hertz) post({ type: 'sound', sound, pcm: copy });
      else {
        ready = new Promise((resolve) => preparing.set(sound, resolve));
        resampler.postMessage({ sound, pcm: copy, from: valid, to: hertz });
      }
      const made = new Sound(sound, frames, hertz, ready, valid === hertz ? copy : undefined);
      dropped.register(made, sound);
      return made;
    },
    grow(from, options): GrowingSound {
      const id = ++sounds;
      const pass: PassPart = (pcm, last, at) => {
        if (from === hertz) putPart(id, pcm, last, at);
        else {
          const part = { last, ...(at === undefined ? {} : { from: at }) };
          resampler.postMessage({ sound: id, pcm, from, to: hertz, part } satisfies ResampleOrder);
        }
      };
      // An empty part opens what resamples, before the first sound is there.
      const made = new PartialSound(id, hertz, options, post, pass);
      if (from !== hertz) pass(new Float32Array(0), false);
      growing.set(id, new WeakRef(made));
      dropped.register(made, id);
      return made;
    },
    play: (sound, given: PlayOptions = {}) => voices.play(sound, given),
    stop: (voice, fade) => voices.stop(voice, fade),
    stopAll: (fade) => voices.stopAll(fade),
    close() {
      if (closing === null) {
        if (gone === null) thread.postMessage({ type: 'close' });
        // A device that died a moment ago may never be let go.
        const bound = setTimeout(() => {
          void thread.terminate();
          leave();
        }, CLOSE_MS);
        const over = Promise.race([exited, left]).then(() => clearTimeout(bound));
        closing = Promise.all([gone === null ? over : null, resampler.terminate()]).then(() => voices.endAll());
        if (gone !== null) clearTimeout(bound);
      }
      return closing;
    },
  };
}
