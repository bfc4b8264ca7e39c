// Plays clips in the audio thread: chunks of each may still be on their way while its beginning sounds.

declare const sampleRate: number;
declare const currentFrame: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, of: new () => AudioWorkletProcessor): void;

export type ToPlayer =
  | { type: 'start'; id: number; rate: number; total: number | null; gain: number; at: number; fade: number }
  | { type: 'chunk'; id: number; offset: number; pcm: Float32Array }
  | { type: 'seek'; id: number; at: number }
  | { type: 'loop'; id: number; loop: [number, number] | null }
  | { type: 'stop'; id: number; fade: number };

export type FromPlayer =
  | { type: 'sounds'; id: number; frame: number }
  | { type: 'at'; places: [number, number][] }
  | { type: 'gap'; id: number }
  | { type: 'ended'; id: number };

/** Seconds of a stream that are held, and that must be there before it sounds, at its beginning and after a gap. */
const [HELD, READY] = [16, 0.25];

/** Zero crossings of the windowed sinc on each side, and places between two samples that it is kept for. */
const [HALF, PHASES] = [16, 256];

/** Windowed sinc [PHASES + 1][2 HALF], cut at `cutoff` of the source's Nyquist frequency. */
function kernel(cutoff: number): Float32Array {
  const taps = new Float32Array((PHASES + 1) * 2 * HALF);
  for (let phase = 0; phase <= PHASES; phase++) {
    let sum = 0;
    for (let tap = 0; tap < 2 * HALF; tap++) {
      const x = tap - HALF + 1 - phase / PHASES;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * x * cutoff) / (Math.PI * x * cutoff);
      const window = Math.abs(x) >= HALF ? 0 : 0.5 + 0.5 * Math.cos((Math.PI * x) / HALF);
      taps[phase * 2 * HALF + tap] = sinc * window;
      sum += sinc * window;
    }
    for (let tap = 0; tap < 2 * HALF; tap++) taps[phase * 2 * HALF + tap]! /= sum;
  }
  return taps;
}

const kernels = new Map<number, Float32Array>();

interface Voice {
  id: number;
  /** Of a stream the latest of it, each sample at its offset modulo the length. */
  pcm: Float32Array;
  /** Without an end; `ready` is how many samples must be there before it goes on. */
  stream: { ready: number } | null;
  /** Samples that are there. */
  filled: number;
  /** Source samples per output sample. */
  step: number;
  taps: Float32Array;
  /** Where it is, in source samples. */
  at: number;
  gain: number;
  /** What the gain goes to, and by how much each output sample. */
  target: number;
  slope: number;
  loop: [number, number] | null;
  sounded: boolean;
}

class Player extends AudioWorkletProcessor {
  readonly #voices = new Map<number, Voice>();
  #blocks = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<ToPlayer>) => this.#hear(data);
  }

  #hear(said: ToPlayer): void {
    if (said.type === 'start') {
      const step = said.rate / sampleRate;
      const cutoff = Math.min(1, 1 / step);
      const taps = kernels.get(cutoff) ?? kernel(cutoff);
      kernels.set(cutoff, taps);
      const slope = said.fade > 0 ? said.gain / (said.fade * sampleRate) : said.gain;
      const silent = said.fade > 0 ? 0 : said.gain;
      this.#voices.set(said.id, {
        id: said.id,
        pcm: new Float32Array(said.total ?? Math.ceil(HELD * said.rate)),
        stream: said.total === null ? { ready: Math.ceil(READY * said.rate) } : null,
        filled: 0,
        step,
        taps,
        at: said.at,
        gain: silent,
        target: said.gain,
        slope,
        loop: null,
        sounded: false,
      });
      return;
    }
    const voice = this.#voices.get(said.id);
    if (voice === undefined) return;
    if (said.type === 'chunk' && voice.stream !== null) {
      for (const [i, value] of said.pcm.entries()) voice.pcm[(said.offset + i) % voice.pcm.length] = value;
      voice.filled = said.offset + said.pcm.length;
      // The page slept, and what it would go on with is gone.
      if (voice.filled - voice.at > voice.pcm.length - 2 * HALF) voice.at = voice.filled - voice.stream.ready;
    } else if (said.type === 'chunk') {
      voice.pcm.set(said.pcm.subarray(0, Math.max(0, voice.pcm.length - said.offset)), said.offset);
      voice.filled = Math.max(voice.filled, Math.min(voice.pcm.length, said.offset + said.pcm.length));
    } else if (said.type === 'seek') voice.at = Math.max(0, Math.min(said.at, voice.pcm.length - 1));
    else if (said.type === 'loop') voice.loop = said.loop;
    else {
      voice.target = 0;
      voice.slope = Math.max(voice.gain, 1e-4) / Math.max(1, said.fade * sampleRate);
    }
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const out = outputs[0]![0]!;
    for (const voice of this.#voices.values()) if (this.#add(voice, out)) this.#end(voice);
    for (const other of outputs[0]!.slice(1)) other.set(out);
    if (++this.#blocks % 10 === 0 && this.#voices.size > 0)
      this.#say({ type: 'at', places: [...this.#voices.values()].map(({ id, at }) => [id, at]) });
    return true;
  }

  /** True when it is over. */
  #add(voice: Voice, out: Float32Array): boolean {
    const { pcm, step, taps, loop, stream } = voice;
    const whole = stream === null && voice.filled === pcm.length;
    const length = stream === null ? pcm.length : Number.POSITIVE_INFINITY;
    if (stream !== null && voice.filled < stream.ready) return voice.target === 0;
    for (let i = 0; i < out.length; i++) {
      if (loop !== null && voice.at >= loop[1]) voice.at = loop[0];
      const from = Math.floor(voice.at);
      if (from >= length) return true;
      // What is not there yet is waited for, in silence.
      if (!whole && from + HALF >= voice.filled) {
        if (stream === null) return false;
        stream.ready = voice.filled + Math.ceil(READY * step * sampleRate);
        this.#say({ type: 'gap', id: voice.id });
        return voice.target === 0;
      }
      const phase = (voice.at - from) * PHASES;
      const row = Math.round(phase) * 2 * HALF;
      let sum = 0;
      const first = from - HALF + 1;
      for (let tap = 0; tap < 2 * HALF; tap++) {
        const at = first + tap;
        if (at >= 0 && at < length) sum += pcm[at % pcm.length]! * taps[row + tap]!;
      }
      if (voice.gain !== voice.target) {
        const left = voice.target - voice.gain;
        voice.gain = Math.abs(left) <= voice.slope ? voice.target : voice.gain + Math.sign(left) * voice.slope;
      }
      if (voice.target === 0 && voice.gain === 0) return true;
      const value = sum * voice.gain;
      if (!voice.sounded && Math.abs(value) > 1e-4) {
        voice.sounded = true;
        this.#say({ type: 'sounds', id: voice.id, frame: currentFrame + i });
      }
      out[i]! += value;
      voice.at += step;
    }
    return false;
  }

  #end({ id }: Voice): void {
    this.#voices.delete(id);
    this.#say({ type: 'ended', id });
  }

  #say(message: FromPlayer): void {
    this.port.postMessage(message);
  }
}

registerProcessor('foley-player', Player);
