import type { FromPlayer, ToPlayer } from './player.worklet.ts';
import workletUrl from './player.worklet.ts?worker&url';

export interface Playing {
  readonly id: number;
  /** The rest of a clip that begins to sound before all of it is there. */
  push(offset: number, pcm: Float32Array): void;
  seek(seconds: number): void;
  loop(range: [number, number] | null): void;
  stop(fade?: number): void;
  /** Seconds into the clip, as last told by the audio thread. */
  readonly at: number;
  /** Times that a stream was silent because its sound came late. */
  readonly gaps: number;
  readonly over: Promise<void>;
}

interface Inside {
  rate: number;
  at: number;
  begun: number;
  gaps: number;
  end: () => void;
}

export interface PlayOptions {
  rate: number;
  /** Samples of the whole clip; null of a stream, which plays until it is stopped. */
  total: number | null;
  gain?: number;
  /** Seconds into the clip to begin at. */
  from?: number;
  /** Seconds to fade in. */
  fade?: number;
  /** `performance.now()` of the press that it answers. */
  since?: number;
}

/** From a press to the first sample that is not silence. */
const MEASURE = 'press to sound';

/** Sound in this page: one audio graph, made at the first sound, since browsers want a gesture before it. */
class Player {
  /** Of the master fader, 0 to 1. */
  level = $state(0.8);
  /** Why there is no sound, in words. */
  problem = $state('');
  /** Clips that sound now, or begin to. */
  sounding = $state(0);
  #context: AudioContext | null = null;
  #node: Promise<AudioWorkletNode> | null = null;
  #master: GainNode | null = null;
  #analyser: AnalyserNode | null = null;
  #samples = new Float32Array(1024);
  #count = 0;
  readonly #playing = new Map<number, Inside>();

  /** Call it in the handler of a gesture. */
  wake(): void {
    this.#node ??= this.#open().catch((error: unknown) => {
      this.problem =
        typeof AudioWorkletNode === 'undefined'
          ? 'This browser has no AudioWorklet, or the page is not served from this machine or over TLS. Takes are still generated, saved and shown.'
          : `No sound in this page: ${(error as Error).message}. Takes are still generated, saved and shown.`;
      throw error;
    });
    this.#node.catch(() => undefined);
    void this.#context?.resume();
  }

  setLevel(level: number): void {
    this.level = level;
    this.#master?.gain.setTargetAtTime(level ** 2, this.#context!.currentTime, 0.01);
  }

  /** Peak of what sounds now, 0 to 1 and above. */
  peak(): number {
    if (this.#analyser === null || this.#playing.size === 0) return 0;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    let peak = 0;
    for (const value of this.#samples) peak = Math.max(peak, Math.abs(value));
    return peak;
  }

  begin({ rate, total, gain = 1, from = 0, fade = 0, since = performance.now() }: PlayOptions): Playing {
    this.wake();
    const id = ++this.#count;
    let end = () => {};
    const over = new Promise<void>((resolve) => (end = resolve));
    const inside: Inside = { rate, at: from, begun: since, gaps: 0, end };
    this.#playing.set(id, inside);
    this.sounding = this.#playing.size;
    this.#tell({ type: 'start', id, rate, total, gain, at: Math.round(from * rate), fade });
    return {
      id,
      over,
      get at() {
        return inside.at;
      },
      get gaps() {
        return inside.gaps;
      },
      push: (offset, pcm) => {
        const copy = pcm.slice();
        this.#tell({ type: 'chunk', id, offset, pcm: copy }, [copy.buffer]);
      },
      seek: (seconds) => {
        inside.at = seconds;
        this.#tell({ type: 'seek', id, at: Math.round(seconds * rate) });
      },
      loop: (range) =>
        this.#tell({ type: 'loop', id, loop: range === null ? null : [range[0] * rate, range[1] * rate] }),
      stop: (seconds = 0.03) => this.#tell({ type: 'stop', id, fade: seconds }),
    };
  }

  /** Plays what is all there. */
  play(pcm: Float32Array, rate: number, options: Omit<PlayOptions, 'rate' | 'total'> = {}): Playing {
    const playing = this.begin({ ...options, rate, total: pcm.length });
    playing.push(0, pcm);
    return playing;
  }

  stopAll(): void {
    for (const id of this.#playing.keys()) this.#tell({ type: 'stop', id, fade: 0.03 });
  }

  #tell(message: ToPlayer, given: Transferable[] = []): void {
    this.#node?.then(
      (node) => node.port.postMessage(message, given),
      () => {
        if (message.type === 'start') this.#over(message.id);
      },
    );
  }

  async #open(): Promise<AudioWorkletNode> {
    const context = new AudioContext({ latencyHint: 'interactive' });
    this.#context = context;
    await context.audioWorklet.addModule(workletUrl);
    const node = new AudioWorkletNode(context, 'foley-player', { numberOfInputs: 0, outputChannelCount: [2] });
    this.#master = new GainNode(context, { gain: this.level ** 2 });
    this.#analyser = new AnalyserNode(context, { fftSize: 1024 });
    node.connect(this.#master).connect(this.#analyser).connect(context.destination);
    node.port.onmessage = ({ data }: MessageEvent<FromPlayer>) => this.#hear(data);
    return node;
  }

  #hear(said: FromPlayer): void {
    if (said.type === 'at') {
      for (const [id, at] of said.places) {
        const inside = this.#playing.get(id);
        if (inside !== undefined) inside.at = at / inside.rate;
      }
    } else if (said.type === 'ended') this.#over(said.id);
    else if (said.type === 'gap') {
      const inside = this.#playing.get(said.id);
      if (inside !== undefined) inside.gaps += 1;
    } else {
      const inside = this.#playing.get(said.id);
      if (inside === undefined || this.#context === null) return;
      // When the frame was handed over, on the page's clock: the message itself comes a little later.
      const now = performance.now() + (said.frame / this.#context.sampleRate - this.#context.currentTime) * 1000;
      // Measures show in the browser's own tools, and are what the bench reads.
      if (performance.getEntriesByName(MEASURE).length >= 200) performance.clearMeasures(MEASURE);
      performance.measure(MEASURE, { start: inside.begun, end: Math.max(inside.begun, now) });
    }
  }

  #over(id: number): void {
    this.#playing.get(id)?.end();
    this.#playing.delete(id);
    this.sounding = this.#playing.size;
  }
}

export const player = new Player();
