import { performance } from 'node:perf_hooks';
import { GrowingBuffer } from './growing-buffer.ts';
import type { FromMixer, ToMixer } from './messages.ts';
import { Mixer, type MixerOptions } from './mixer.ts';
import type { VoiceSpec } from './mixer-voice.ts';

/** Plays that wait for their sound to be resampled. */
const MAX_UNREADY = 256;

type Play = Extract<ToMixer, { type: 'play' }>;

/** The mixer and its sounds behind messages: the same in the thread that plays and in a test that renders. */
export class MixerHost {
  readonly mixer: Mixer;
  readonly #tell: (message: FromMixer) => void;
  readonly #sounds = new Map<number, Float32Array>();
  readonly #growing = new Map<number, GrowingBuffer>();
  readonly #endings: { voice: number; ending: Extract<FromMixer, { type: 'ended' }>['ending']; frame: number }[] = [];
  #unready: Play[] = [];

  constructor(options: Omit<MixerOptions, 'onEnded' | 'onPaused'>, tell: (message: FromMixer) => void) {
    this.#tell = tell;
    this.mixer = new Mixer({
      ...options,
      onEnded: (voice, ending, frame) => this.#endings.push({ voice, ending, frame }),
      onPaused: (voice) => tell({ type: 'paused', voice }),
    });
  }

  get sounds(): number {
    return this.#sounds.size + this.#growing.size;
  }

  handle(message: ToMixer): void {
    switch (message.type) {
      case 'sound': {
        this.#sounds.set(message.sound, message.pcm);
        const ready = this.#unready.filter(({ sound }) => sound === message.sound);
        this.#unready = this.#unready.filter(({ sound }) => sound !== message.sound);
        for (const play of ready) this.#place(play, message.pcm);
        return;
      }
      case 'grow':
        this.#growing.set(message.sound, new GrowingBuffer(message.frames, message.waits));
        return;
      case 'part':
        this.#growing.get(message.sound)?.add(message.pcm, message.last, message.from);
        return;
      case 'drop':
        this.#sounds.delete(message.sound);
        this.#growing.delete(message.sound);
        return;
      case 'play': {
        const growing = this.#growing.get(message.sound);
        const pcm = this.#sounds.get(message.sound);
        if (growing !== undefined) this.#begin({ ...message.spec, pcm: growing.ring, growing });
        else if (pcm !== undefined) this.#place(message, pcm);
        else if (this.#unready.length < MAX_UNREADY) this.#unready.push(message);
        else this.#tell({ type: 'ended', voice: message.spec.id, ending: 'stolen' });
        return;
      }
      case 'stop':
        this.#dropUnready((id) => id === message.voice);
        this.mixer.stop(message.voice, message.fade);
        return;
      case 'stopAll':
        this.#dropUnready(() => true);
        this.mixer.stopAll(message.fade);
        return;
      case 'close':
    }
  }

  /** Tells the end of every voice that has sounded when this frame has. */
  heard(frame: number): void {
    for (let i = 0; i < this.#endings.length; ) {
      const { voice, ending, frame: end } = this.#endings[i]!;
      if (end > frame && ending !== 'stolen') i++;
      else {
        this.#endings.splice(i, 1);
        this.#tell({ type: 'ended', voice, ending });
      }
    }
  }

  #place({ spec }: Play, pcm: Float32Array): void {
    const to = Math.min(spec.to, pcm.length);
    const from = Math.min(spec.from, to);
    this.#begin({ ...spec, from, to, loop: spec.loop && to > from, pcm });
  }

  #begin(spec: VoiceSpec): void {
    const frame = this.mixer.add(spec);
    this.#tell({ type: 'placed', voice: spec.id, frame, ms: performance.timeOrigin + performance.now() });
  }

  #dropUnready(wanted: (id: number) => boolean): void {
    const dropped = this.#unready.filter(({ spec }) => wanted(spec.id));
    this.#unready = this.#unready.filter(({ spec }) => !wanted(spec.id));
    for (const { spec } of dropped) this.#tell({ type: 'ended', voice: spec.id, ending: 'stopped' });
  }
}
