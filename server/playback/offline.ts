import { openResampler, resample } from '../audio/resample.ts';
import { PartResampler } from '../audio/resample-parts.ts';
import { REPLACED_SECONDS } from './growing-buffer.ts';
import { MixerHost } from './mixer-host.ts';
import type { GrowingSound, GrowOptions, Playback, PlayOptions } from './playback.ts';
import { PartialSound, type PassPart, Sound, Voices } from './voices.ts';

export interface OfflinePlayback extends Playback {
  /** The next frames of the output, one array per channel: time passes only here. */
  render(frames: number): Float32Array[];
  /** Waits until it is resampled. */
  prepareNow(pcm: Float32Array, rate: number): Promise<Sound>;
  readonly mixerHost: MixerHost;
}

export interface OfflineOptions {
  rate?: number;
  channels?: number;
  voices?: number;
  ceiling?: number;
  /** Time of frame 0, in milliseconds since 1970. */
  began?: number;
}

/** Playback whose time is how much was rendered: the same mixing as everywhere, as fast as the machine can. */
export function createOfflinePlayback(options: OfflineOptions = {}): OfflinePlayback {
  const { rate = 48_000, channels = 2, began = 0 } = options;
  const { ceiling, voices: most } = options;
  const mixerHost: MixerHost = new MixerHost(
    { rate, channels, ...(ceiling === undefined ? {} : { ceiling }), ...(most === undefined ? {} : { voices: most }) },
    (message) => voices.hear(message),
  );
  const { mixer } = mixerHost;
  const now = (): number => began + (mixer.frame / rate) * 1000;
  const mapping = { frame: 0, ms: began, framesPerMs: rate / 1000 };
  const voices = new Voices({
    rate,
    channels,
    now,
    post: (message) => mixerHost.handle(message),
    mapping: () => mapping,
    frontier: () => mixer.frontier,
  });
  const dropped = new FinalizationRegistry<number>((sound) => mixerHost.handle({ type: 'drop', sound }));
  let sounds = 0;
  let closed = false;
  const add = (pcm: Float32Array, from: number): Sound => {
    const id = ++sounds;
    const frames = Math.round((pcm.length * rate) / from);
    if (from === rate) mixerHost.handle({ type: 'sound', sound: id, pcm });
    const ready =
      from === rate
        ? Promise.resolve()
        : resample(pcm, from, rate).then((out) => mixerHost.handle({ type: 'sound', sound: id, pcm: out }));
    const sound = new Sound(id, frames, rate, ready);
    dropped.register(sound, id);
    return sound;
  };
  const grow = (from: number, growOptions: GrowOptions): GrowingSound => {
    const id = ++sounds;
    const put: PassPart = (pcm, last, at) => {
      mixerHost.handle({ type: 'part', sound: id, pcm, last, ...(at === undefined ? {} : { from: at }) });
      sound.arrived(pcm.length);
    };
    const parts = openResampler(from, rate).then(
      (resampler) => new PartResampler(resampler, from, rate, REPLACED_SECONDS),
    );
    const sound: PartialSound = new PartialSound(
      id,
      rate,
      growOptions,
      (message) => mixerHost.handle(message),
      (pcm, last, at) => {
        if (from === rate) put(pcm, last, at);
        else
          void parts.then((resampled) => {
            const made = resampled.add(pcm, last, at);
            put(made.pcm, last, made.from);
          });
      },
    );
    dropped.register(sound, id);
    return sound;
  };
  return {
    mixerHost,
    grow,
    render(frames) {
      const out = Array.from({ length: channels }, () => new Float32Array(frames));
      mixer.render(out, frames);
      mixerHost.heard(mixer.frame);
      return out;
    },
    async prepareNow(pcm, from) {
      const sound = add(pcm, from);
      await sound.ready;
      return sound;
    },
    prepare: add,
    play: (sound, given: PlayOptions = {}) => voices.play(sound, given),
    stop: (voice, fade) => voices.stop(voice, fade),
    stopAll: (fade) => voices.stopAll(fade),
    now,
    info: () => ({
      state: closed ? 'closed' : 'headless',
      device: null,
      problem: 'rendered, not played',
      rate,
      channels,
      latency: 0,
      xruns: 0,
      voices: { active: voices.open, most: mixer.most },
    }),
    async close() {
      closed = true;
      voices.endAll();
    },
  };
}
