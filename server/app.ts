import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Role, limits as wire } from '../protocol/index.ts';
import { writeRecipe } from './audio/recipe.ts';
import { encodeWav } from './audio/wav.ts';
import type { NewClip } from './clips/clip.ts';
import { ClipStore } from './clips/store.ts';
import type { Config } from './config.ts';
import { DataOwner, refuseFile } from './data-owner.ts';
import { openDelivery } from './delivery/open.ts';
import { Dispatcher, type DispatcherOptions } from './dispatch/dispatcher.ts';
import { FairScheduler } from './dispatch/fair-scheduler.ts';
import { JobEventBus } from './dispatch/job-events.ts';
import { JobJournal } from './dispatch/job-journal.ts';
import { Refusals } from './dispatch/refusals.ts';
import type { Engine } from './engine/engine.ts';
import { EncoderProcess } from './engine/process/encoder.ts';
import { loadAndTry, startEngine, warm } from './engine-start.ts';
import { EmbedderClient as ClipListener } from './evaluation/embedder-client.ts';
import { embedderOf, openEvaluation, type ReferenceFolder } from './evaluation/open.ts';
import { ScoreHistory } from './evaluation/scores.ts';
import { UntrustedVoices } from './evaluation/untrusted-voices.ts';
import { noFarm } from './farm/no-farm.ts';
import type { ClipRanker } from './generation/candidates.ts';
import { Streams } from './generation/streams.ts';
import { createClipGenerator } from './generation/trigger-clips.ts';
import { createHandlers, ownerCommands } from './handlers/index.ts';
import type { ServerInfo } from './handlers/server-info.ts';
import { Metrics } from './metrics/metrics.ts';
import { serverMetrics } from './metrics/of-server.ts';
import { Midi } from './midi/midi.ts';
import type { MidiSystem } from './midi/system.ts';
import { AuditLog } from './network/access/audit-log.ts';
import { type Ports, type Urls, urlsOf } from './network/addresses.ts';
import { type Health, Listeners } from './network/listeners.ts';
import { connectMemory, type MemoryClient } from './network/transports/memory.ts';
import { OscSpace } from './network/transports/osc-address-space.ts';
import { WallClock } from './playback/clock.ts';
import type { Playback } from './playback/playback.ts';
import { PlayedStream } from './playback/played-stream.ts';
import { HostTransport } from './tempo/host-transport.ts';
import { openTraining } from './training/open.ts';
import { Uploads } from './training/uploads.ts';
import { TriggerBank } from './triggers/bank.ts';
import { MapStore } from './triggers/store.ts';
import { createLog, type Log, logLineOf } from './util/log.ts';
import { makePrivate } from './util/private-folder.ts';
import { Trash } from './util/trash.ts';
import { version } from './util/version.ts';
import { ActiveVoices } from './voices/active.ts';
import { VoiceCatalog } from './voices/catalog.ts';
import { VoiceStore } from './voices/store.ts';

/** Bytes of disk that stay free beside a voice that is brought in. */
const FREE_DISK = 256 * 2 ** 20;
const CLOSE_MS = 5000;
/** The voice in the repository. */
const DEFAULT = 'default';
const ROOT = fileURLToPath(new URL('../', import.meta.url));

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
  const started = performance.now();
  const log = parts.log ?? createLog({ level: config.logLevel });
  const line = logLineOf(log);
  await refuseFile(config.data);
  // Tokens, recordings and voices are nobody else's.
  await makePrivate(config.data, line);
  const owner = new DataOwner(config.data, (err) =>
    log.warn({ err }, 'the data folder cannot be written to: nothing will be kept'),
  );
  // A process that runs one command becomes the owner only where the command needs it.
  if (config.listen) await owner.claim();
  const engine = parts.engine ?? (await startEngine(config, log, parts.onDemand === true));
  const bus = new JobEventBus((err) => log.error({ err }, 'a listener to a job failed'));
  // Not in a process that runs one command: what it does not finish is not done.
  const journal = config.listen ? new JobJournal(path.join(config.data, 'jobs'), line) : null;
  const scheduler = new FairScheduler({
    engine,
    bus,
    maxJobs: limits.queueJobs,
    maxClips: limits.queueClips,
    ...(journal === null ? {} : { newId: () => journal.newId() }),
  });
  // A voice that was activated stays so, unless another one is asked for.
  const active = await ActiveVoices.open(
    ...([path.join(config.data, 'active.json'), config.voice, config.voice !== DEFAULT] as const),
    line,
  );
  const catalog = new VoiceCatalog({
    roots: [path.join(config.data, 'voices'), config.models],
    active: () => active.active,
    log: line,
  });
  const trash = new Trash({
    dir: path.join(config.data, 'trash'),
    days: limits.trashDays,
    maxBytes: limits.trashBytes,
    isOwner: () => owner.held,
    log: line,
  });
  const clips = await ClipStore.open({
    dir: parts.clipFolder ?? path.join(config.data, 'clips'),
    trash,
    encode: encodeClip,
    maxClips: limits.clips,
    maxBytes: limits.clipBytes,
    isOwner: () => owner.held,
    log: line,
  });
  const embedder = new ClipListener();
  const encoder = new EncoderProcess();
  const scores = new ScoreHistory(path.join(config.data, 'scores.jsonl'), path.join(config.models, 'scores.jsonl'));
  const ranker: ClipRanker = {
    score: async (voice, weights, pcm, rate) =>
      embedder.score(await embedderOf(voice, config.models), pcm, rate, weights),
    isTrained: async (voice) => {
      const card = await embedder.card(await embedderOf(voice, config.models)).catch(() => null);
      return card?.ranking !== undefined;
    },
  };
  const folders: ReferenceFolder = { references: path.join(config.data, 'references'), models: config.models };
  let problem: string | null = null;
  const listeners = new Listeners();
  const { ports } = listeners;
  const wall = new WallClock();
  let playback: Playback | null = null;
  let opening: Promise<Playback> | null = null;
  /** Started by the first sound: most servers play none. */
  const play = (): Promise<Playback> => {
    opening ??= openPlayback(config, log, parts.onPlaced).then((opened) => {
      playback = opened;
      return opened;
    });
    return opening;
  };
  const mapStore = new MapStore(path.join(config.data, 'triggers.json'), line);
  const midi: Midi = new Midi({
    devices: config.midi,
    system: parts.midi ?? null,
    // A map that waits for a beat waits for a clock, which may come from any input.
    isNeeded: (): boolean =>
      streams.controlled ||
      triggers.maps.some(({ source, quantise }) => quantise > 0 || (source !== undefined && !('osc' in source))),
    now: () => wall.now(),
    log: line,
  });
  const transport = new HostTransport(midi);
  const triggers = new TriggerBank({
    generator: createClipGenerator({ scheduler, catalog, ranker, rate: async () => (await play()).info().rate }),
    playback: play,
    beats: transport,
    save: (maps) => mapStore.save(maps),
    log: line,
  });
  const training = openTraining({
    data: config.data,
    trainer: path.join(ROOT, 'models', 'trainer'),
    python: config.python,
    limits,
    isOwner: () => owner.held,
    findVoice: (id) => catalog.find(id),
    trash,
    log: line,
  });
  const refusals = new Refusals();
  const streams: Streams = new Streams({
    engine,
    catalog,
    clips,
    openOutput: async (rate, options, onGone) => new PlayedStream(await play(), rate, options, onGone),
    midi,
    onControls: () => midi.refresh(),
    maxStreams: limits.streams,
  });
  const untrusted = new UntrustedVoices();
  const voices = new VoiceStore({
    own: path.join(config.data, 'voices'),
    models: config.models,
    maxBytes: limits.voiceBytes,
    freeDisk: FREE_DISK,
    trash,
    check: async (voice) => {
      for (const model of voice.models) await untrusted.check(model);
    },
    claimed: (id) => {
      const job = training.trainings.list().find((one) => !one.over && one.order.voice === id);
      return job === undefined ? null : `training ${job.id}`;
    },
  });
  const voiceUploads = new Uploads({
    dir: path.join(config.data, 'voice-uploads'),
    maxBytes: limits.voiceBytes,
    maxFiles: 1,
    most: 4,
    endings: ['.foleyvoice'],
  });
  const { delivery, deliveries, restoreDeliveries, closeDelivery } = openDelivery({
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
  const space = new OscSpace({
    maps: () => triggers.maps,
    pools: () => triggers.pools(),
    voice: () => active.active,
    jobs: () => {
      const { running, waitingJobs } = scheduler.usage();
      return { running, waiting: waitingJobs };
    },
  });
  triggers.watch((event) => {
    if (event.type === 'struck') space.heard(event.address, event.velocity);
    else if (event.type !== 'hit') space.touch();
    if (event.type === 'maps') midi.refresh();
  });
  const info = (): ServerInfo => {
    const { running, waitingJobs, waitingClips } = scheduler.usage();
    return {
      version,
      uptime: (performance.now() - started) / 1000,
      engine: { ...engine.info() },
      ports: { ...ports },
      limits: { ...wire, ...limits },
      playback: playback === null ? null : { ...playback.info() },
      midi: midi.info(),
      queue: { waiting: waitingJobs, running, waitingClips },
    };
  };
  const auditLog = new AuditLog(path.join(config.data, 'admin.jsonl'), line);
  const { handlers, jobs } = createHandlers({
    scheduler,
    journal,
    catalog,
    clips,
    bus,
    ranker,
    info,
    farm: async () => (engine.farm === undefined ? noFarm : engine.farm.status()),
    playback: play,
    encoder,
    triggers,
    transport,
    refusals,
    streams,
    ...training,
    voices,
    trash,
    voiceUploads,
    delivery,
    deliveries,
    datasetFolders: config.datasetFolders,
    datasetBytes: limits.datasetBytes,
    threads: config.trainingThreads,
    now: () => wall.now(),
    watchQuietMs: limits.watchQuietMs,
    openPlayback: () => playback,
    midi: () => midi.info(),
    outputs: async () => (await import('./playback/outputs.ts')).listDevices(),
    openEvaluation: (voice, order) => openEvaluation(embedder, folders, voice, order),
    scores,
    active,
    tryVoice: (voice) => loadAndTry(engine.own ?? engine, voice),
    gate: { mode: config.gate, margin: config.gateMargin },
    onActive: (voice) => {
      log.info({ voice }, 'another voice is active');
      problem = null;
      triggers.restock();
      space.touch();
    },
  });
  const dispatcher = new Dispatcher({
    handlers,
    openRequests: limits.openRequests,
    before: (cmd) => (owner.held || !ownerCommands.has(cmd) ? undefined : owner.claim()),
    audit: {
      begun: (request, args) => auditLog.begun({ ...request, args }),
      ended: (request, code) => auditLog.ended(request, code),
      refused: ({ cmd, transport }, code) => auditLog.refused({ cmd, transport, code }),
    },
    onFault: (err, where) => log.error({ err, ...where }, 'a request failed with an internal error'),
    ...(parts.extra === undefined ? {} : { extra: parts.extra }),
  });
  const ended: Record<string, number> = { done: 0, failed: 0, cancelled: 0 };
  bus.subscribe((event) => {
    if (event.type === 'ended') ended[event.outcome]! += 1;
  });
  const metrics = new Metrics(() => serverMetrics(scheduler.usage(), ended, clips.usage, engine.info()));
  bus.subscribe((event, job) => {
    if (event.type === 'queued') log.debug({ job, ...event }, 'a job was queued');
    if (event.type === 'started') log.debug({ job, ...event }, 'a job began');
    if (event.type === 'queued' || event.type === 'started' || event.type === 'ended') space.touch();
    if (event.type === 'ended') log[event.outcome === 'failed' ? 'warn' : 'info']({ job, ...event }, 'a job ended');
  });

  let checking: Promise<void> | null = null;
  const check = (): Promise<void> => {
    checking ??= warm(catalog, engine).then((why) => {
      checking = null;
      if (why === null) log.info({ voice: active.active }, 'the voice is ready');
      else if (why !== problem && stopped === null)
        log.error({ voice: active.active }, `the voice cannot be used: ${why}`);
      problem = why;
    });
    return checking;
  };
  const stop = async (): Promise<void> => {
    // First of all: nobody shall come any more.
    await listeners.unannounce();
    triggers.close();
    midi.close();
    journal?.close();
    streams.close();
    // A hung engine ends no clip: closing it does.
    if (!(await within(scheduler.drain(limits.drainMs), limits.drainMs + closeMs))) await engine.close();
    jobs.close();
    // Whoever waited for a job is told of its end before the connection goes.
    await nextTurn();
    const part = async (name: string, closed: Promise<unknown>, ms = closeMs): Promise<void> => {
      if (!(await within(closed, ms))) log.warn({ part: name }, 'part of the server did not close in time');
    };
    await part('listeners', listeners.close());
    await Promise.all([
      part('engine', engine.close()),
      part('embedder', embedder.close()),
      part('encoder', encoder.close()),
      // It writes a checkpoint first, and is ended by force after 30 seconds.
      part('training', training.close(), 35_000),
      part('check of voices', untrusted.close()),
      part('delivery', closeDelivery()),
      part('trash', trash.close()),
    ]);
    if (opening !== null)
      await part(
        'playback',
        opening.then((open) => open.close()),
      );
    await part('audit log', auditLog.close());
    await part('data folder', owner.release());
  };
  let stopped: Promise<void> | null = null;
  const close = (): Promise<void> => {
    stopped ??= stop();
    return stopped;
  };
  // The engine's process loads it while this one opens its ports.
  const warmed = parts.onDemand === true ? Promise.resolve() : check();
  // Before the ports: who maps at once must not take the place of what was mapped before.
  const load = (): ReturnType<typeof mapStore.load> => mapStore.load();
  const restored = (parts.onDemand === true ? triggers.remember(load) : triggers.restore(load)).catch((err: unknown) =>
    log.warn({ err }, 'the trigger maps could not be restored'),
  );
  if (config.listen) await restored;
  // Before the ports as well: who comes back asks for its job at once.
  if (config.listen) await jobs.resume();
  // And who asks what is delivered.
  if (config.listen)
    await restoreDeliveries().catch((err: unknown) => log.warn({ err }, 'deliveries could not be resumed'));
  if (config.listen) {
    const health: Health = () => {
      // A voice repaired meanwhile is noticed by whoever asks twice.
      if (problem !== null) void check();
      const { state } = engine.info();
      const why = state === 'stalled' || state === 'restarting' ? `the engine is ${state}` : problem;
      return {
        status: why === null ? 'ok' : 'degraded',
        name: 'foleyd',
        version,
        engine: state,
        voice: active.active,
        problem: why,
      };
    };
    const isMapped = (address: string): boolean => triggers.isMapped(address);
    const findClip = (id: string) => clips.find(id);
    try {
      await listeners.open(config, {
        dispatcher,
        refusals,
        limits,
        space,
        health,
        isMapped,
        findClip,
        metrics: () => metrics.text(),
        auditLog,
        log,
        version,
        consoleFolder: parts.consoleFolder ?? path.join(ROOT, 'build', 'console'),
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
  if (config.listen)
    voices.sweep().catch((err: unknown) => log.warn({ err }, 'leftover voice files could not be removed'));
  if (config.listen) training.restore().catch((err: unknown) => log.warn({ err }, 'trainings could not be resumed'));
  if (config.listen) trash.open();
  const ready = warmed.then(() => ({ voice: active.active, problem }));
  return {
    config,
    ports,
    urls: urlsOf(config, ports),
    ready,
    connect: (role) => connectMemory(dispatcher, role),
    close,
  };
}

/** Whether something ends within so many milliseconds. What it rejects with is thrown. */
async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A clip as a WAV that says how it was made. */
function encodeClip({ pcm, rate, format, recipe, shape, lineage }: NewClip): Uint8Array {
  const more = { ...(shape && { shape }), ...(lineage && { lineage: { ...lineage } }) };
  return encodeWav(pcm, rate, format, {
    comment: writeRecipe({ ...recipe, version, ...more }),
    software: `foleyd ${version}`,
  });
}

/** Loaded only when something is played. */
async function openPlayback({ output, record }: Config, log: Log, onPlaced?: (ms: number) => void): Promise<Playback> {
  const { createPlayback } = await import('./playback/create.ts');
  return createPlayback({
    output,
    record: record === undefined ? null : path.resolve(record),
    ...(onPlaced === undefined ? {} : { onPlaced }),
    log: logLineOf(log, { from: 'playback' }),
  });
}
