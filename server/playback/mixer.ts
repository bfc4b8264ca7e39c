import type { GrowingBuffer } from './growing-buffer.ts';
import { Limiter } from './limiter.ts';
import {
  addPlain,
  between,
  type Ending,
  quietest,
  release,
  type Voice,
  type VoiceSpec,
  within,
} from './mixer-voice.ts';

export interface MixerOptions {
  rate: number;
  channels: number;
  /** Voices that may sound at once. */
  voices?: number;
  /** Voices that may wait for their time. */
  waiting?: number;
  ceiling?: number;
  /** `frame` is the one after the voice's last. */
  onEnded?: (id: number, ending: Ending, frame: number) => void;
  /** A voice has nothing left to play and waits for more of its sound. */
  onPaused?: (id: number) => void;
}

/** Voices that fade out because they were stolen, choked or stopped; beyond, the oldest of them are cut. */
const TAILS = 128;
/**
 * Seconds of a growing sound before its known end in which a voice fades out, and those the fade takes at least. What
 * comes meanwhile is too late for it.
 */
const STARVING = { before: 0.02, fade: 0.01, quiet: 0.003 };
/** A voice that waits goes on once there is so much to play (s), with so long a fade-in. */
const RESUME = { ahead: 0.25, fade: 0.01 };

/** Mixes voices block by block, exact to the frame. It counts frames only, so it runs at any speed. */
export class Mixer {
  readonly rate: number;
  readonly channels: number;
  readonly most: number;
  readonly #maxWaiting: number;
  readonly #limiter: Limiter;
  readonly #onEnded: NonNullable<MixerOptions['onEnded']>;
  readonly #onPaused: NonNullable<MixerOptions['onPaused']>;
  #waiting: Voice[] = [];
  #sounding: Voice[] = [];
  /** The next frame to be mixed: by the limiter's look-ahead before the next to come out. */
  #mixed = 0;

  constructor(options: MixerOptions) {
    const { rate, channels, voices = 64, waiting = 1024, ceiling } = options;
    const { onEnded = () => undefined, onPaused = () => undefined } = options;
    this.rate = rate;
    this.channels = channels;
    this.most = voices;
    this.#maxWaiting = waiting;
    this.#limiter = new Limiter(rate, channels, ceiling);
    this.#onEnded = onEnded;
    this.#onPaused = onPaused;
    const lost = Array.from({ length: channels }, () => new Float32Array(this.#limiter.ahead));
    this.#render(lost, this.#limiter.ahead);
  }

  /** The next frame to come out. */
  get frame(): number {
    return this.#mixed - this.#limiter.ahead;
  }

  /** The first frame at which a voice can still begin. */
  get frontier(): number {
    return this.#mixed;
  }

  /** Frames at which the limiter turned something down. */
  get limited(): number {
    return this.#limiter.reduced;
  }

  /** Returns the frame at which it begins: `start`, or the frontier when that is past. */
  add(spec: VoiceSpec): number {
    const start = Math.max(spec.start, this.#mixed);
    const angle = ((spec.pan + 1) * Math.PI) / 4;
    const voice: Voice = {
      ...spec,
      start,
      position: spec.from,
      left: spec.gain * (spec.pan === 1 ? 0 : Math.cos(angle)),
      right: spec.gain * Math.sin(angle),
      releaseAt: Number.POSITIVE_INFINITY,
      release: 0,
      ending: 'played',
      level: spec.gain,
      done: false,
      paused: false,
    };
    let at = this.#waiting.length;
    while (at > 0 && this.#waiting[at - 1]!.start > start) at--;
    this.#waiting.splice(at, 0, voice);
    // The one whose time is furthest makes room.
    if (this.#waiting.length > this.#maxWaiting) this.#end(this.#waiting.pop()!, 'stolen', this.#mixed);
    return start;
  }

  stop(id: number, fade: number): void {
    const at = this.#waiting.findIndex((voice) => voice.id === id);
    if (at >= 0) this.#end(this.#waiting.splice(at, 1)[0]!, 'stopped', this.#mixed);
    const voice = this.#sounding.find((one) => one.id === id);
    if (voice !== undefined) release(voice, 'stopped', this.#mixed, fade);
  }

  stopAll(fade: number): void {
    for (const voice of this.#waiting.splice(0)) this.#end(voice, 'stopped', this.#mixed);
    for (const voice of this.#sounding) release(voice, 'stopped', this.#mixed, fade);
  }

  /** The next `frames` frames, one array per channel. */
  render(out: readonly Float32Array[], frames: number): void {
    this.#render(out, frames);
  }

  #render(out: readonly Float32Array[], frames: number): void {
    for (const channel of out) channel.fill(0, 0, frames);
    const end = this.#mixed + frames;
    while (this.#waiting.length > 0 && this.#waiting[0]!.start < end) this.#begin(this.#waiting.shift()!);
    for (const voice of this.#sounding) this.#mix(voice, out, frames);
    if (this.#sounding.some(({ done }) => done)) this.#sounding = this.#sounding.filter(({ done }) => !done);
    this.#limiter.process(out, frames);
    this.#mixed = end;
  }

  #begin(voice: Voice): void {
    const held = this.#sounding.filter(({ releaseAt }) => releaseAt === Number.POSITIVE_INFINITY);
    const others = held.filter((other) => {
      if (voice.choke === null || other.choke !== voice.choke) return true;
      release(other, 'choked', voice.start, this.rate * 0.005);
      return false;
    });
    if (others.length >= this.most) release(quietest(others), 'stolen', voice.start, this.rate * 0.003);
    this.#sounding.push(voice);
    const tails = this.#sounding.filter(({ releaseAt }) => releaseAt < Number.POSITIVE_INFINITY);
    if (tails.length > TAILS) {
      const cut = tails[0]!;
      cut.done = true;
      this.#end(cut, cut.ending, this.#mixed);
      this.#sounding = this.#sounding.filter((one) => one !== cut);
    }
  }

  #mix(voice: Voice, out: readonly Float32Array[], frames: number): void {
    if (voice.growing !== undefined && !this.#keepUp(voice, voice.growing, frames)) return;
    const { pcm, growing, start, from, to, step, fadeIn, fadeOut, loop } = voice;
    const left = out[voice.bus * 2] ?? out[0]!;
    const right = out[voice.bus * 2 + 1];
    const begin = Math.max(0, start - this.#mixed);
    if (this.#isPlain(voice, begin, frames)) {
      addPlain(voice, left, right, begin, frames);
      return;
    }
    let peak = 0;
    for (let i = begin; i < frames; i++) {
      const frame = this.#mixed + i;
      if (voice.position >= to) {
        if (loop) voice.position = from + ((voice.position - from) % (to - from));
        else {
          this.#finish(voice, frame);
          return;
        }
      }
      const { position } = voice;
      let sample: number;
      if (growing !== undefined) sample = within(growing, position);
      else sample = Number.isInteger(position) ? pcm[position]! : between(pcm, position);
      const age = frame - start;
      if (age < fadeIn) sample *= age / fadeIn;
      if (!loop && fadeOut > 0) {
        const remaining = (to - position) / step;
        if (remaining < fadeOut) sample *= remaining / fadeOut;
      }
      if (frame >= voice.releaseAt) {
        const share = 1 - (frame - voice.releaseAt) / voice.release;
        if (!(share > 0)) {
          if (voice.ending === 'starved' && growing?.waits === true) this.#pause(voice);
          else this.#finish(voice, frame);
          return;
        }
        sample *= share;
      }
      voice.position = position + step;
      const level = Math.abs(sample);
      if (level > peak) peak = level;
      if (right === undefined) left[i]! += sample * voice.gain;
      else {
        left[i]! += sample * voice.left;
        right[i]! += sample * voice.right;
      }
    }
    voice.level = Math.max(peak * voice.gain, voice.level * 0.7);
  }

  /**
   * Before a block of a sound that is still being made: lets it fade out where too little is known of it to go on, and
   * go on where it waited. Whether there is anything to mix.
   */
  #keepUp(voice: Voice, growing: GrowingBuffer, frames: number): boolean {
    const begin = Math.max(0, voice.start - this.#mixed);
    const now = this.#mixed + begin;
    // What the ring has lost by now, because the voice stood still or began late.
    if (voice.position < growing.oldest) voice.position = growing.oldest;
    const left = (growing.known - voice.position) / voice.step;
    if (voice.paused) {
      if (voice.releaseAt < Number.POSITIVE_INFINITY) {
        this.#finish(voice, now);
        return false;
      }
      if (!growing.ended && left < RESUME.ahead * this.rate) return false;
      Object.assign(voice, { paused: false, start: now, fadeIn: Math.round(RESUME.fade * this.rate) });
    }
    if (growing.ended) voice.to = Math.min(voice.to, growing.known);
    else if (growing.known < voice.to && voice.releaseAt === Number.POSITIVE_INFINITY) {
      const before = STARVING.before * this.rate;
      if (left < frames - begin + before) this.#starve(voice, growing, now, before);
    }
    return true;
  }

  /** Fades out to the quietest of the last places that are known. */
  #starve(voice: Voice, growing: GrowingBuffer, now: number, before: number): void {
    const { position, step } = voice;
    const { fade, quiet } = STARVING;
    const last = Math.max(Math.floor(position), growing.known - 3);
    const first = Math.max(Math.ceil(position) + fade * this.rate * step, last - before * step);
    const end = growing.quietest(Math.min(last, first), last, Math.round(quiet * this.rate * step));
    const frames = Math.floor((end - position) / step);
    release(voice, 'starved', now + Math.max(0, frames - before), Math.min(frames, before));
  }

  #pause(voice: Voice): void {
    Object.assign(voice, { paused: true, releaseAt: Number.POSITIVE_INFINITY, ending: 'played', level: 0 });
    this.#onPaused(voice.id);
  }

  /** Whether nothing happens to it in this block: neither fade nor end nor samples between samples. */
  #isPlain(
    { growing, start, step, position, fadeIn, fadeOut, loop, to, releaseAt }: Voice,
    begin: number,
    frames: number,
  ): boolean {
    return (
      growing === undefined &&
      step === 1 &&
      Number.isInteger(position) &&
      this.#mixed + begin - start >= fadeIn &&
      position + frames - begin <= to - (loop ? 0 : Math.ceil(fadeOut)) &&
      releaseAt >= this.#mixed + frames
    );
  }

  #finish(voice: Voice, frame: number): void {
    voice.done = true;
    this.#end(voice, voice.ending, frame);
  }

  #end({ id }: Voice, ending: Ending, frame: number): void {
    this.#onEnded(id, ending, frame);
  }
}
