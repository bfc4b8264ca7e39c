import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DataOwner } from '../data-owner.ts';
import type { OpenedDelivery } from '../delivery/open.ts';
import type { FairScheduler } from '../dispatch/fair-scheduler.ts';
import type { Engine } from '../engine/engine.ts';
import type { EncoderProcess } from '../engine/process/encoder.ts';
import type { EmbedderClient } from '../evaluation/embedder-client.ts';
import type { Listeners } from '../network/listeners.ts';
import type { LogLine } from '../util/log-line.ts';
import type { ActiveVoiceCheck } from './active-voice-check.ts';
import { Closing } from './closing.ts';
import type { openCommands } from './commands.ts';
import type { Data } from './data.ts';
import type { Playing } from './playing.ts';
import type { VoiceSources } from './voices.ts';

/** A training writes a checkpoint first, and is ended by force after 30 seconds. */
const CLOSE_TRAINING_MS = 35_000;

export interface StopServer {
  /** Milliseconds that each part has to close. */
  closeMs: number;
  /** Milliseconds for which open jobs may still run. */
  drainMs: number;
  owner: DataOwner;
  engine: Engine;
  data: Data;
  scheduler: FairScheduler;
  embedder: EmbedderClient;
  encoder: EncoderProcess;
  playing: Playing;
  voices: VoiceSources;
  delivering: OpenedDelivery;
  voiceCheck: ActiveVoiceCheck;
  listeners: Listeners;
  jobs: ReturnType<typeof openCommands>['jobs'];
  log: LogLine;
}

/** Stops a server: lets open jobs finish for `drainMs`, then closes its parts in the order in which they depend on each other. */
export async function stopServer(of: StopServer): Promise<void> {
  const { closeMs, drainMs, owner, engine, data, scheduler, embedder, encoder, playing, voices, delivering } = of;
  const { voiceCheck, listeners, jobs, log } = of;
  const { journal, trash, auditLog } = data;
  const { triggers, midi, streams } = playing;
  voiceCheck.stop();
  const closing = new Closing(closeMs, log);
  // Before anything else, so that no new client connects.
  await listeners.unannounce();
  triggers.close();
  midi.close();
  journal?.close();
  streams.close();
  // A hung engine ends no clip: closing it does.
  if (!(await closing.isDone(scheduler.drain(drainMs), drainMs))) await engine.close();
  jobs.close();
  // Clients receive the ends of their jobs before their connections close.
  await nextTurn();
  await closing.part('listeners', listeners.close());
  await Promise.all([
    closing.part('engine', engine.close()),
    closing.part('embedder', embedder.close()),
    closing.part('encoder', encoder.close()),
    closing.part('training', voices.training.close(), CLOSE_TRAINING_MS),
    closing.part('check of voices', voices.untrusted.close()),
    closing.part('delivery', delivering.close()),
    closing.part('trash', trash.close()),
  ]);
  await closing.part('playback', playing.closePlayback());
  await closing.part('audit log', auditLog.close());
  await closing.part('data folder', owner.release());
}
