import { ProtocolError } from '../../protocol/index.ts';
import type { Handler } from '../dispatch/dispatcher.ts';
import type { Scheduler } from '../dispatch/scheduler.ts';
import type { Streams } from '../generation/streams.ts';
import type { TrainingJobs } from '../training/jobs.ts';
import type { TriggerBank } from '../triggers/bank.ts';
import type { ActiveVoices } from '../voices/active.ts';
import type { VoiceStore } from '../voices/store.ts';

export interface DeleteDeps {
  voices: VoiceStore;
  active: ActiveVoices;
  scheduler: Scheduler;
  streams: Streams;
  trainings: TrainingJobs;
  triggers: TriggerBank;
  /** Whoever asks before the trainings of earlier runs are known waits. */
  ready: () => Promise<void>;
}

/** `voice.delete`. */
export function voiceDelete(deps: DeleteDeps): Handler<'voice.delete'> {
  return async ({ args: { voice, force } }) => {
    await deps.ready();
    // In turn with activations: what is found not to be active is not made so before it is gone.
    return deps.active.inTurn(async () => {
      const dir = await deps.voices.folderOf(voice);
      const why = user(deps, voice, dir) ?? (force ? null : wanted(deps, voice));
      if (why !== null) throw new ProtocolError('voice_in_use', why, { path: 'args.voice' });
      const trashed = await deps.voices.remove(dir);
      await deps.active.forget(voice);
      return { deleted: voice, until: trashed?.until ?? null };
    });
  };
}

/** `voice.restore`. */
export function voiceRestore({ voices, ready }: DeleteDeps): Handler<'voice.restore'> {
  return async ({ args }) => {
    await ready();
    return { restored: (await voices.restore(args.voice)).id };
  };
}

/** Who would fail without it at once; that is never allowed. */
function user({ active, scheduler, streams, trainings, voices }: DeleteDeps, id: string, dir: string): string | null {
  if (id === active.active) return `voice ${id} is active; activate another one first`;
  const job = scheduler.userOf(dir);
  if (job !== null) return `job ${job} is generating clips with voice ${id}; cancel it first, or wait for its end`;
  const stream = streams.userOf(dir);
  if (stream !== null) return `a stream is playing voice ${id}; stop it first`;
  const training = trainings.list().find((one) => !one.over && one.order.base?.id === id);
  if (training !== undefined)
    return `training ${training.id} fine-tunes voice ${id}; cancel it first, or wait for its end`;
  return voices.isRead(dir) ? `voice ${id} is being exported; try again when that is done` : null;
}

/**
 * Who would miss it later. Of the voices that were active before only the latest is protected: it is the way back from
 * one that turns out bad. A rollback steps over older ones that are gone, so a long history need not keep them all.
 */
function wanted({ active, triggers }: DeleteDeps, id: string): string | null {
  if (id === active.previous[0]) return `admin.rollback would return to voice ${id}; set force to delete it anyway`;
  const map = triggers.maps.find((one) => one.voice === id);
  return map === undefined ? null : `trigger map ${map.id} plays voice ${id}; set force to delete it anyway`;
}
