import path from 'node:path';
import { limits as wire } from '../../protocol/index.ts';
import type { Config } from '../config.ts';
import type { DataOwner } from '../data-owner.ts';
import type { OpenedDelivery } from '../delivery/open.ts';
import { Dispatcher, type DispatcherOptions } from '../dispatch/dispatcher.ts';
import type { FairScheduler } from '../dispatch/fair-scheduler.ts';
import type { JobEventBus } from '../dispatch/job-events.ts';
import type { Refusals } from '../dispatch/refusals.ts';
import type { Engine } from '../engine/engine.ts';
import type { EncoderProcess } from '../engine/process/encoder.ts';
import { loadAndTry } from '../engine-start.ts';
import type { EmbedderClient } from '../evaluation/embedder-client.ts';
import { openEvaluation, type ReferenceFolder } from '../evaluation/open.ts';
import { noFarm } from '../farm/no-farm.ts';
import type { ClipRanker } from '../generation/candidates.ts';
import { createHandlers, ownerCommands } from '../handlers/index.ts';
import type { ServerInfo } from '../handlers/server-info.ts';
import type { Ports } from '../network/addresses.ts';
import type { LogLine } from '../util/log-line.ts';
import { version } from '../util/version.ts';
import type { Data } from './data.ts';
import type { Playing } from './playing.ts';
import type { VoiceSources } from './voices.ts';

export interface OpenCommands {
  config: Config;
  owner: DataOwner;
  data: Data;
  engine: Engine;
  bus: JobEventBus;
  scheduler: FairScheduler;
  ranker: ClipRanker;
  embedder: EmbedderClient;
  encoder: EncoderProcess;
  playing: Playing;
  voices: VoiceSources;
  delivering: OpenedDelivery;
  refusals: Refusals;
  ports: Ports;
  onActive: (voice: string) => void;
  /** Handlers besides those of the protocol. */
  extra: DispatcherOptions['extra'];
  log: LogLine;
}

/** The handlers of all commands, behind a dispatcher that logs what admins do. */
export function openCommands({ config, owner, data, engine, scheduler, playing, extra, log, ...rooms }: OpenCommands) {
  const { limits } = config;
  const { auditLog, catalog, clips, journal, active, scores, trash, votes } = data;
  const { bus, ranker, encoder, refusals, onActive, embedder, ports } = rooms;
  const { training, store: voices, uploads: voiceUploads } = rooms.voices;
  const { delivery, deliveries } = rooms.delivering;
  const { midi, transport, triggers, streams } = playing;
  const folders: ReferenceFolder = { references: path.join(config.data, 'references'), models: config.models };
  const started = performance.now();
  const info = (): ServerInfo => {
    const { running, waitingJobs, waitingClips } = scheduler.usage();
    const open = playing.playback();
    return {
      version,
      uptime: (performance.now() - started) / 1000,
      engine: { ...engine.info() },
      ports: { ...ports },
      limits: { ...wire, ...limits },
      playback: open === null ? null : { ...open.info() },
      midi: midi.info(),
      queue: { waiting: waitingJobs, running, waitingClips },
    };
  };
  const { handlers, jobs } = createHandlers({
    scheduler,
    journal,
    catalog,
    clips,
    bus,
    ranker,
    info,
    farm: async () => (engine.farm === undefined ? noFarm : engine.farm.status()),
    playback: playing.play,
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
    clock: playing.clock,
    watchQuietMs: limits.watchQuietMs,
    openPlayback: playing.playback,
    midi: () => midi.info(),
    outputs: async () => (await import('../playback/ask-devices.ts')).askDevices(),
    findNearest: (...args) => embedder.nearest(...args),
    openEvaluation: (voice, order) => openEvaluation(embedder, folders, voice, order),
    scores,
    votes,
    active,
    tryVoice: (voice) => loadAndTry(engine.own ?? engine, voice),
    gate: { mode: config.gate, margin: config.gateMargin },
    onActive,
  });
  const dispatcher = new Dispatcher({
    handlers,
    openRequests: limits.openRequests,
    before: (cmd) => (owner.held || !ownerCommands.has(cmd) ? undefined : owner.claim()),
    audit: {
      begun: (request, args) => auditLog.begun({ ...request, args }),
      ended: (request, code) => auditLog.ended(request, code),
      refused: ({ cmd, transport: name }, code) => auditLog.refused({ cmd, transport: name, code }),
    },
    onFault: (err, where) => log('error', 'a request failed with an internal error', { err, ...where }),
    ...(extra === undefined ? {} : { extra }),
  });
  return { dispatcher, jobs };
}
