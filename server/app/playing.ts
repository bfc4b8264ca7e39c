import path from 'node:path';
import type { Config } from '../config.ts';
import type { Scheduler } from '../dispatch/scheduler.ts';
import type { Engine } from '../engine/engine.ts';
import type { ClipRanker } from '../generation/candidates.ts';
import { Streams } from '../generation/streams.ts';
import { createClipGenerator } from '../generation/trigger-clips.ts';
import { Midi } from '../midi/midi.ts';
import type { MidiSystem } from '../midi/system.ts';
import { SteadyClock } from '../playback/clock.ts';
import type { Playback } from '../playback/playback.ts';
import { PlayedStream } from '../playback/played-stream.ts';
import { HostTransport } from '../tempo/host-transport.ts';
import { TriggerBank } from '../triggers/bank.ts';
import type { LogLine } from '../util/log-line.ts';
import type { Data } from './data.ts';

export interface OpenPlaying {
  config: Config;
  data: Pick<Data, 'catalog' | 'clips' | 'maps'>;
  engine: Engine;
  scheduler: Scheduler;
  ranker: ClipRanker;
  /** MIDI other than the machine's. */
  midi: MidiSystem | undefined;
  onPlaced: ((ms: number) => void) | undefined;
  log: LogLine;
  playbackLog: LogLine;
}

/**
 * Opens everything that plays in real time: the mixer, trigger maps, endless streams, and the MIDI input and clocks
 * that drive them.
 */
export function openPlaying({ config, data, engine, scheduler, ranker, ...parts }: OpenPlaying) {
  const { catalog, clips, maps } = data;
  const { log } = parts;
  const clock = new SteadyClock();
  let playback: Playback | null = null;
  let opening: Promise<Playback> | null = null;
  /** Started by the first sound: most servers play none. */
  const play = (): Promise<Playback> => {
    opening ??= openPlayback(config, clock, parts).then((opened) => {
      playback = opened;
      return opened;
    });
    return opening;
  };
  const midi: Midi = new Midi({
    devices: config.midi,
    system: parts.midi ?? null,
    // A map that waits for a beat waits for a clock, which may come from any input.
    isNeeded: (): boolean =>
      streams.controlled ||
      triggers.maps.some(({ source, quantise }) => quantise > 0 || (source !== undefined && !('osc' in source))),
    now: () => clock.now(),
    log,
  });
  const transport = new HostTransport(midi);
  const triggers = new TriggerBank({
    generator: createClipGenerator({ scheduler, catalog, ranker, rate: async () => (await play()).info().rate }),
    playback: play,
    beats: transport,
    save: (list) => maps.save(list),
    log,
  });
  const streams: Streams = new Streams({
    engine,
    catalog,
    clips,
    openOutput: async (rate, options, onGone) => new PlayedStream(await play(), rate, options, onGone),
    midi,
    onControls: () => midi.refresh(),
    maxStreams: config.limits.streams,
    lease: { quietMs: config.limits.streamQuietMs, unleased: config.limits.streamUnleased === 1 },
  });
  return {
    midi,
    transport,
    triggers,
    streams,
    play,
    /** Null until something was played. */
    playback: (): Playback | null => playback,
    clock,
    closePlayback: async (): Promise<void> => (await opening)?.close(),
  };
}

export type Playing = ReturnType<typeof openPlaying>;

/** Loaded only when something is played. */
async function openPlayback(
  { output, record }: Config,
  clock: SteadyClock,
  { onPlaced, playbackLog }: Pick<OpenPlaying, 'onPlaced' | 'playbackLog'>,
): Promise<Playback> {
  const { createPlayback } = await import('../playback/create.ts');
  return createPlayback({
    output,
    clock,
    record: record === undefined ? null : path.resolve(record),
    ...(onPlaced === undefined ? {} : { onPlaced }),
    log: playbackLog,
  });
}
