import { fileURLToPath } from 'node:url';
import type { Role } from '../protocol/index.ts';
import { ActiveVoiceCheck } from './app/active-voice-check.ts';
import { openCommands } from './app/commands.ts';
import { openData, openDataFolder } from './app/data.ts';
import { openPlaying } from './app/playing.ts';
import { rankerOf } from './app/ranker.ts';
import { stopServer } from './app/stop-server.ts';
import { openVoices } from './app/voices.ts';
import { openWatching } from './app/watching.ts';
import { describedAs } from './audio/recipe.ts';
import { endlessWavHead } from './audio/wav.ts';
import type { Config } from './config.ts';
import { openDelivery } from './delivery/open.ts';
import type { DispatcherOptions } from './dispatch/dispatcher.ts';
import { FairScheduler } from './dispatch/fair-scheduler.ts';
import { JobEventBus } from './dispatch/job-events.ts';
import { Refusals } from './dispatch/refusals.ts';
import type { Engine } from './engine/engine.ts';
import { EncoderProcess } from './engine/process/encoder.ts';
import { startEngine } from './engine-start.ts';
import { EmbedderClient } from './evaluation/embedder-client.ts';
import type { MidiSystem } from './midi/system.ts';
import { type Ports, type Urls, urlsOf } from './network/addresses.ts';
import { Listeners } from './network/listeners.ts';
import { connectMemory, type MemoryClient } from './network/transports/memory.ts';
import { createLog, type Log, logLineOf } from './util/log.ts';
import { version } from './util/version.ts';

/** Milliseconds that a part of the server has to close. */
const CLOSE_MS = 5000;
const CONSOLE = fileURLToPath(new URL('../build/console', import.meta.url));

/** What a test may put in place of the real thing. */
export interface AppParts {
  /** MIDI other than the machine's. */
  midi?: MidiSystem;
  /** Hears the milliseconds from each sound's being played to its being scheduled. */
  onPlaced?: (ms: number) => void;
  engine?: Engine;
  /** Folder of saved clips; that of the data folder by default. */
  clipFolder?: string;
  /** Folder of the browser console's files; build/console by default. */
  consoleFolder?: string;
  /** Milliseconds that a part of the server has to close, beyond what it is given to finish. */
  closeMs?: number;
  /** For a process that runs one command: engine and playback start when they are needed, and no pool is filled. */
  onDemand?: boolean;
  log?: Log;
  extra?: NonNullable<DispatcherOptions['extra']>;
}

/** A whole server: everything wired, its ports open unless `config.listen` is false. */
export interface App {
  readonly config: Config;
  readonly ports: Ports;
  readonly urls: Urls;
  /** Resolves, never rejects, once the active voice is warm, or with the reason why it cannot be used. */
  readonly ready: Promise<{ voice: string; problem: string | null }>;
  /** A client in this process. */
  connect(role?: Role): MemoryClient;
  /** Lets open jobs finish for `config.limits.drainMs`, then stops everything. */
  close(): Promise<void>;
}

/** Wires a server together. Rejects with a ProtocolError: port_in_use, io_error, bad_certificate. */
export async function createApp(config: Config, parts: AppParts = {}): Promise<App> {
  const { limits } = config;
  const { closeMs = CLOSE_MS } = parts;
  const log = parts.log ?? createLog({ level: config.logLevel });
  const line = logLineOf(log);
  const owner = await openDataFolder(config, line);
  const engine = parts.engine ?? (await startEngine(config, log, parts.onDemand === true));
  const data = await openData({ config, owner, clipFolder: parts.clipFolder, log: line });
  const { active, catalog, clips, journal, trash } = data;
  const bus = new JobEventBus((err) => line('error', 'job event listener threw', { err }));
  const scheduler = new FairScheduler({
    engine,
    bus,
    maxJobs: limits.queueJobs,
    maxClips: limits.queueClips,
    ...(journal === null ? {} : { newId: () => journal.newId() }),
  });
  const embedder = new EmbedderClient();
  const encoder = new EncoderProcess();
  const ranker = rankerOf(embedder, config.models);
  const playing = openPlaying({
    config,
    data,
    engine,
    scheduler,
    ranker,
    midi: parts.midi,
    onPlaced: parts.onPlaced,
    log: line,
    playbackLog: logLineOf(log, { from: 'playback' }),
  });
  const { midi, triggers } = playing;
  const voices = openVoices({ config, data, log: line });
  const delivering = openDelivery({
    data: config.data,
    deliver: config.deliver,
    catIds: config.catIds,
    software: `foleyd ${version}`,
    clips,
    catalog,
    freeDisk: limits.deliverFreeDisk,
    maxBytes: limits.deliverBytes,
    log: line,
  });
  const { space, metrics } = openWatching({ data, bus, scheduler, engine, triggers, midi, log: line });
  const voiceCheck = new ActiveVoiceCheck({ data, engine, log: line });
  const refusals = new Refusals();
  const listeners = new Listeners();
  const { ports } = listeners;
  const { dispatcher, jobs } = openCommands({
    config,
    owner,
    data,
    engine,
    bus,
    scheduler,
    ranker,
    embedder,
    encoder,
    playing,
    voices,
    delivering,
    refusals,
    ports,
    onActive: (voice) => {
      line('info', 'another voice is active', { voice });
      voiceCheck.replaced();
      triggers.restock();
      space.touch();
    },
    extra: parts.extra,
    log: line,
  });

  const stop = (): Promise<void> =>
    stopServer({
      closeMs,
      drainMs: limits.drainMs,
      owner,
      engine,
      data,
      scheduler,
      embedder,
      encoder,
      playing,
      voices,
      delivering,
      voiceCheck,
      listeners,
      jobs,
      log: line,
    });
  let stopped: Promise<void> | null = null;
  const close = (): Promise<void> => {
    stopped ??= stop();
    return stopped;
  };
  // The engine's process loads it while this one opens its ports.
  const warmed = parts.onDemand === true ? Promise.resolve() : voiceCheck.check();
  const load = (): ReturnType<typeof data.maps.load> => data.maps.load();
  const restored = (parts.onDemand === true ? triggers.remember(load) : triggers.restore(load)).catch((err: unknown) =>
    line('warn', 'the trigger maps could not be restored', { err }),
  );
  if (config.listen) {
    // Before the ports: a client that maps at once must not take the place of what was mapped before, one that comes
    // back attaches to its job at once, or asks what is delivered.
    await restored;
    await jobs.resume();
    await delivering.restore().catch((err: unknown) => line('warn', 'deliveries could not be resumed', { err }));
    try {
      await listeners.open(config, {
        dispatcher,
        refusals,
        limits,
        space,
        health: () => voiceCheck.health(),
        isMapped: (address) => triggers.isMapped(address),
        findClip: (id) => clips.find(id),
        metrics: () => metrics.text(),
        endlessWavHead: (rate, format, recipe) => endlessWavHead(rate, format, describedAs(recipe)),
        auditLog: data.auditLog,
        log,
        version,
        consoleFolder: parts.consoleFolder ?? CONSOLE,
      });
      await owner.announce(urlsOf(config, ports).http ?? '').catch(() => undefined);
    } catch (error) {
      await close();
      throw error;
    }
  }

  triggers.listen(midi);
  // After the ports: looking for MIDI takes longer than everything before it.
  if (config.listen || parts.midi !== undefined) void midi.open();
  // Not in a process that makes one clip and leaves.
  if (config.listen) {
    voices.store.sweep().catch((err: unknown) => line('warn', 'leftover voice files could not be removed', { err }));
    voices.training.restore().catch((err: unknown) => line('warn', 'trainings could not be resumed', { err }));
    trash.open();
  }
  return {
    config,
    ports,
    urls: urlsOf(config, ports),
    ready: warmed.then(() => ({ voice: active.active, problem: voiceCheck.problem })),
    connect: (role) => connectMemory(dispatcher, role),
    close,
  };
}
