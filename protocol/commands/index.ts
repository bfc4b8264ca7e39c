import type { z } from 'zod';
import { adminActivate, adminRollback } from './admin-activate.ts';
import { adminFad, voiceScores } from './admin-fad.ts';
import { attach } from './attach.ts';
import { cancel } from './cancel.ts';
import { clipDelete, clipGet, clipList, clipRename, clipRestore, clipStar } from './clips.ts';
import { datasetAdd, datasetInfo, datasetList, datasetRemove, datasetUpload } from './datasets.ts';
import type { Command } from './define.ts';
import { clipBatch, clipExport, deliverInfo, deliverSet } from './delivery.ts';
import { deviceList } from './device-list.ts';
import { farmStatus } from './farm-status.ts';
import { generate } from './generate.ts';
import { jobCancel, jobList, jobMove, jobPause, jobResume } from './jobs.ts';
import { poolInfo } from './pool-info.ts';
import { adminAttach, adminCancel, adminJobs, adminPause, adminResume, adminRetrain } from './retrain.ts';
import { serverClock } from './server-clock.ts';
import { serverInfo } from './server-info.ts';
import { serverPing } from './server-ping.ts';
import { serverWatch } from './server-watch.ts';
import { spot } from './spot.ts';
import { streamKeep, streamSet, streamStart, streamStop } from './stream.ts';
import { transportInfo, transportSet } from './transport.ts';
import { datasetRestore, trashEmpty, trashList, voiceRestore } from './trash.ts';
import { triggerFire, triggerStop } from './trigger-fire.ts';
import { triggerEdit, triggerExport, triggerImport, triggerList, triggerMap, triggerUnmap } from './triggers.ts';
import { branch, vary } from './vary.ts';
import { voiceCompare } from './voice-compare.ts';
import { voiceDelete } from './voice-delete.ts';
import { voiceExport, voiceImport, voiceUpload } from './voice-file.ts';
import { voiceInfo } from './voice-info.ts';
import { voiceList } from './voice-list.ts';
import { voiceNearest } from './voice-nearest.ts';
import { voiceUnvote, voiceVote, voiceVotes } from './voice-votes.ts';

/** Every command there is. */
export const commands = {
  [generate.name]: generate,
  [vary.name]: vary,
  [branch.name]: branch,
  [spot.name]: spot,
  [attach.name]: attach,
  [streamStart.name]: streamStart,
  [streamSet.name]: streamSet,
  [streamStop.name]: streamStop,
  [streamKeep.name]: streamKeep,
  [cancel.name]: cancel,
  [clipList.name]: clipList,
  [clipGet.name]: clipGet,
  [clipRename.name]: clipRename,
  [clipStar.name]: clipStar,
  [clipDelete.name]: clipDelete,
  [clipRestore.name]: clipRestore,
  [clipExport.name]: clipExport,
  [clipBatch.name]: clipBatch,
  [deliverSet.name]: deliverSet,
  [deliverInfo.name]: deliverInfo,
  [voiceList.name]: voiceList,
  [voiceInfo.name]: voiceInfo,
  [voiceNearest.name]: voiceNearest,
  [serverInfo.name]: serverInfo,
  [serverPing.name]: serverPing,
  [serverClock.name]: serverClock,
  [farmStatus.name]: farmStatus,
  [serverWatch.name]: serverWatch,
  [deviceList.name]: deviceList,
  [triggerMap.name]: triggerMap,
  [triggerEdit.name]: triggerEdit,
  [triggerUnmap.name]: triggerUnmap,
  [triggerList.name]: triggerList,
  [triggerExport.name]: triggerExport,
  [triggerImport.name]: triggerImport,
  [triggerFire.name]: triggerFire,
  [triggerStop.name]: triggerStop,
  [transportSet.name]: transportSet,
  [transportInfo.name]: transportInfo,
  [poolInfo.name]: poolInfo,
  [adminActivate.name]: adminActivate,
  [adminRollback.name]: adminRollback,
  [adminFad.name]: adminFad,
  [voiceScores.name]: voiceScores,
  [voiceCompare.name]: voiceCompare,
  [voiceVote.name]: voiceVote,
  [voiceVotes.name]: voiceVotes,
  [voiceUnvote.name]: voiceUnvote,
  [voiceDelete.name]: voiceDelete,
  [voiceRestore.name]: voiceRestore,
  [voiceExport.name]: voiceExport,
  [voiceUpload.name]: voiceUpload,
  [voiceImport.name]: voiceImport,
  [jobList.name]: jobList,
  [jobPause.name]: jobPause,
  [jobResume.name]: jobResume,
  [jobMove.name]: jobMove,
  [jobCancel.name]: jobCancel,
  [datasetUpload.name]: datasetUpload,
  [datasetAdd.name]: datasetAdd,
  [datasetList.name]: datasetList,
  [datasetInfo.name]: datasetInfo,
  [datasetRemove.name]: datasetRemove,
  [datasetRestore.name]: datasetRestore,
  [trashList.name]: trashList,
  [trashEmpty.name]: trashEmpty,
  [adminRetrain.name]: adminRetrain,
  [adminJobs.name]: adminJobs,
  [adminAttach.name]: adminAttach,
  [adminPause.name]: adminPause,
  [adminResume.name]: adminResume,
  [adminCancel.name]: adminCancel,
} as const;

type Commands = typeof commands;

export type CommandName = keyof Commands;

/** Arguments after validation, defaults filled in. */
export type Args<N extends CommandName> = z.output<Commands[N]['args']>;

/** Arguments as a client writes them. */
export type ArgsInput<N extends CommandName> = z.input<Commands[N]['args']>;

/** Event names of a command, `done` and `failed` included. */
export type Events<N extends CommandName> = Extract<keyof Commands[N]['events'], string>;

export type EventData<N extends CommandName, E extends Events<N>> = Commands[N]['events'][E] extends z.ZodType
  ? z.output<Commands[N]['events'][E]>
  : never;

/** Events after which a request is over. */
export const terminalEvents = ['done', 'failed'] as const;

export function isTerminal(event: string): event is 'done' | 'failed' {
  return event === 'done' || event === 'failed';
}

export const commandNames = Object.keys(commands) as CommandName[];

export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}

/** The declaration behind a name, without its literal types. */
export function commandOf(name: CommandName): Command {
  return commands[name] as unknown as Command;
}
