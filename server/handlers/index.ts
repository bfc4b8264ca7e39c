import type { Handlers } from '../dispatch/dispatcher.ts';
import { DetachedJobs } from '../generation/detached-jobs.ts';
import { PartialClips } from '../generation/partial-clips.ts';
import type { Playback } from '../playback/playback.ts';
import { type ActivateDeps, adminActivate, adminRollback } from './admin-activate.ts';
import { adminFad, type FadDeps, voiceScores } from './admin-fad.ts';
import { attach } from './attach.ts';
import { clipBatch } from './batch.ts';
import { Batches } from './batches.ts';
import { cancel } from './cancel.ts';
import { clipDelete, clipGet, clipList, clipRename, clipRestore, clipStar } from './clips.ts';
import {
  type DatasetDeps,
  datasetAdd,
  datasetInfo,
  datasetList,
  datasetRemove,
  datasetRestore,
  datasetUpload,
} from './datasets.ts';
import { type DeliverDeps, deliverInfo, deliverSet } from './deliver.ts';
import { type DeviceDeps, deviceList } from './device-list.ts';
import { clipExport, type ExportDeps } from './export.ts';
import { type FarmStatus, farmStatus } from './farm-status.ts';
import { generate } from './generate.ts';
import { JobHistory, jobCancel, jobList, jobMove, jobPause, jobResume, resumeJobs } from './jobs.ts';
import {
  adminAttach,
  adminCancel,
  adminJobs,
  adminPause,
  adminResume,
  adminRetrain,
  type RetrainDeps,
} from './retrain.ts';
import { type ClockDeps, serverClock } from './server-clock.ts';
import { type ServerInfo, serverInfo } from './server-info.ts';
import { serverPing } from './server-ping.ts';
import { serverWatch, type WatchDeps } from './server-watch.ts';
import { spot } from './spot.ts';
import { type StreamHandlerDeps, streamKeep, streamSet, streamStart, streamStop } from './stream.ts';
import { type TransportDeps, transportInfo, transportSet } from './transport.ts';
import { type TrashDeps, trashEmpty, trashList } from './trash.ts';
import {
  poolInfo,
  type TriggerDeps,
  triggerEdit,
  triggerExport,
  triggerFire,
  triggerImport,
  triggerList,
  triggerMap,
  triggerStop,
  triggerUnmap,
} from './triggers.ts';
import { branch, type VaryDeps, vary } from './vary.ts';
import { voiceCompare } from './voice-compare.ts';
import { type DeleteDeps, voiceDelete, voiceRestore } from './voice-delete.ts';
import { type VoiceFileDeps, voiceExport, voiceImport, voiceUpload } from './voice-file.ts';
import { voiceInfo } from './voice-info.ts';
import { voiceList } from './voice-list.ts';
import { type NearestDeps, voiceNearest } from './voice-nearest.ts';
import { type VoteDeps, voiceUnvote, voiceVote, voiceVotes } from './voice-votes.ts';

export interface HandlerDeps
  extends Omit<VaryDeps, 'partials' | 'detached'>,
    ClockDeps,
    FadDeps,
    TriggerDeps,
    TransportDeps,
    DeviceDeps,
    NearestDeps,
    WatchDeps,
    ActivateDeps,
    DatasetDeps,
    DeleteDeps,
    TrashDeps,
    VoiceFileDeps,
    DeliverDeps,
    VoteDeps,
    ExportDeps,
    RetrainDeps,
    StreamHandlerDeps {
  info: () => ServerInfo;
  farm: () => Promise<FarmStatus>;
  /** Opened by the first who asks. */
  playback: () => Promise<Playback>;
}

/** Commands that change, beyond adding a clip, what the data folder holds, or act on jobs of the process that owns it. */
export const ownerCommands: ReadonlySet<string> = new Set<keyof Handlers>([
  ...(['clip.rename', 'clip.star', 'clip.delete', 'clip.restore', 'deliver.set'] as const),
  ...(['trigger.map', 'trigger.edit', 'trigger.unmap', 'trigger.import'] as const),
  ...(['admin.activate', 'admin.rollback', 'voice.delete', 'voice.restore', 'voice.upload', 'voice.import'] as const),
  ...(['voice.vote', 'voice.unvote'] as const),
  ...(['dataset.upload', 'dataset.add', 'dataset.remove', 'dataset.restore', 'trash.empty'] as const),
  ...(['admin.retrain', 'admin.attach', 'admin.pause', 'admin.resume', 'admin.cancel'] as const),
  ...(['job.pause', 'job.resume', 'job.move', 'job.cancel'] as const),
]);

/** The jobs behind the handlers. */
export interface OpenJobs {
  /** Takes up those of an earlier run; resolves when all are queued. */
  resume(): Promise<void>;
  /** Ends batches, which are not the scheduler's. */
  close(): void;
}

/** All handlers; the type requires one for each declared command. */
export function createHandlers(given: HandlerDeps): { handlers: Handlers; jobs: OpenJobs } {
  const isEarlier = (job: string): boolean => given.journal?.isEarlier(job) === true;
  const detached = new DetachedJobs({ isEarlier });
  const deps = { ...given, partials: new PartialClips(), detached, batches: new Batches(), history: new JobHistory() };
  const jobs: OpenJobs = {
    resume: () => resumeJobs(deps),
    close: () => deps.batches.close(),
  };
  const handlers: Handlers = {
    'foley.generate': generate(deps),
    'foley.vary': vary(deps),
    'foley.branch': branch(deps),
    'foley.spot': spot(deps),
    'foley.attach': attach(deps),
    'stream.start': streamStart(deps),
    'stream.set': streamSet(deps),
    'stream.stop': streamStop(deps),
    'stream.keep': streamKeep(deps),
    'clip.list': clipList(deps),
    'clip.get': clipGet(deps),
    'clip.rename': clipRename(deps),
    'clip.star': clipStar(deps),
    'clip.delete': clipDelete(deps),
    'clip.restore': clipRestore(deps),
    'clip.export': clipExport(deps),
    'clip.batch': clipBatch(deps),
    'deliver.set': deliverSet(deps),
    'deliver.info': deliverInfo(deps),
    'foley.cancel': cancel(deps),
    'voice.list': voiceList(deps),
    'voice.info': voiceInfo(deps),
    'voice.nearest': voiceNearest(deps),
    'server.info': serverInfo(deps),
    'server.ping': serverPing(),
    'server.clock': serverClock(deps),
    'device.list': deviceList(deps),
    'trigger.map': triggerMap(deps),
    'trigger.edit': triggerEdit(deps),
    'trigger.unmap': triggerUnmap(deps),
    'trigger.list': triggerList(deps),
    'trigger.export': triggerExport(deps),
    'trigger.import': triggerImport(deps),
    'trigger.fire': triggerFire(deps),
    'trigger.stop': triggerStop(deps),
    'transport.set': transportSet(deps),
    'transport.info': transportInfo(deps),
    'pool.info': poolInfo(deps),
    'farm.status': farmStatus(deps),
    'server.watch': serverWatch(deps),
    'admin.activate': adminActivate(deps),
    'admin.rollback': adminRollback(deps),
    'admin.fad': adminFad(deps),
    'voice.scores': voiceScores(deps),
    'voice.compare': voiceCompare(deps),
    'voice.vote': voiceVote(deps),
    'voice.votes': voiceVotes(deps),
    'voice.unvote': voiceUnvote(deps),
    'voice.delete': voiceDelete(deps),
    'voice.restore': voiceRestore(deps),
    'voice.export': voiceExport(deps),
    'voice.upload': voiceUpload(deps),
    'voice.import': voiceImport(deps),
    'dataset.upload': datasetUpload(deps),
    'dataset.add': datasetAdd(deps),
    'dataset.list': datasetList(deps),
    'dataset.info': datasetInfo(deps),
    'dataset.remove': datasetRemove(deps),
    'dataset.restore': datasetRestore(deps),
    'trash.list': trashList(deps),
    'trash.empty': trashEmpty(deps),
    'admin.retrain': adminRetrain(deps),
    'admin.attach': adminAttach(deps),
    'admin.jobs': adminJobs(deps),
    'admin.pause': adminPause(deps),
    'admin.resume': adminResume(deps),
    'admin.cancel': adminCancel(deps),
    'job.list': jobList(deps),
    'job.pause': jobPause(deps),
    'job.resume': jobResume(deps),
    'job.move': jobMove(deps),
    'job.cancel': jobCancel(deps),
  };
  return { handlers, jobs };
}
