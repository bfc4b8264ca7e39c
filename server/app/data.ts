import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { encodeClip } from '../clips/encode.ts';
import { ClipStore } from '../clips/store.ts';
import type { Config } from '../config.ts';
import { DataOwner, refuseFile } from '../data-owner.ts';
import { JobJournal } from '../dispatch/job-journal.ts';
import { ScoreHistory } from '../evaluation/scores.ts';
import { VoteHistory } from '../evaluation/votes.ts';
import { AuditLog } from '../network/access/audit-log.ts';
import { MapStore } from '../triggers/store.ts';
import { removeParts } from '../util/atomic-file.ts';
import type { LogLine } from '../util/log-line.ts';
import { makePrivate } from '../util/private-folder.ts';
import { Trash } from '../util/trash.ts';
import { ActiveVoices } from '../voices/active.ts';
import { VoiceCatalog } from '../voices/catalog.ts';

/** The voice in the repository. */
const DEFAULT = 'default';

/** Files of the data folder that others than its owner write: who waits to own it, and `foleyd token`. */
const OTHERS = /^\.(owner|tokens)-/;

/** The data folder, private to its user; a server owns it from here on. Rejects with io_error. */
export async function openDataFolder({ data, listen }: Config, log: LogLine): Promise<DataOwner> {
  await refuseFile(data);
  // Tokens, recordings and voices are nobody else's.
  await makePrivate(data, log);
  const owner = new DataOwner(data, (err) =>
    log('warn', 'the data folder cannot be written to; clips, voices and settings will not be saved', { err }),
  );
  // A process that runs one command becomes the owner only where the command needs it.
  if (listen) await owner.claim();
  if (owner.held)
    await removeParts(data, OTHERS).catch((err: unknown) =>
      log('warn', `what an earlier server left half written in ${data} could not be removed`, { err }),
    );
  return owner;
}

export interface OpenData {
  config: Config;
  owner: DataOwner;
  /** Folder of saved clips; that of the data folder by default. */
  clipFolder: string | undefined;
  log: LogLine;
}

/** What the data folder keeps: clips, voices, triggers, jobs, scores, what admins did, and what was deleted. */
export async function openData({ config, owner, clipFolder, log }: OpenData) {
  const { limits } = config;
  const inData = (name: string): string => path.join(config.data, name);
  const isOwner = (): boolean => owner.held;
  // A voice that was activated stays so, unless another one is asked for.
  const active = await ActiveVoices.open(inData('active.json'), config.voice, config.voice !== DEFAULT, log);
  // There from the beginning, so that a first voice in it is told of; what cannot be written is told of elsewhere.
  if (owner.held) await mkdir(inData('voices'), { recursive: true }).catch(() => undefined);
  const catalog = new VoiceCatalog({ roots: [inData('voices'), config.models], active: () => active.active, log });
  const trash = new Trash({
    dir: inData('trash'),
    days: limits.trashDays,
    maxBytes: limits.trashBytes,
    isOwner,
    log,
  });
  const clips = await ClipStore.open({
    dir: clipFolder ?? inData('clips'),
    trash,
    encode: encodeClip,
    maxClips: limits.clips,
    maxBytes: limits.clipBytes,
    isOwner,
    log,
  });
  return {
    isOwner,
    active,
    catalog,
    trash,
    clips,
    // Not in a process that runs one command: what it does not finish is not done.
    journal: config.listen ? new JobJournal(inData('jobs'), log) : null,
    scores: new ScoreHistory(inData('scores.jsonl'), path.join(config.models, 'scores.jsonl')),
    votes: new VoteHistory(inData('votes.jsonl')),
    maps: new MapStore(inData('triggers.json'), log),
    auditLog: new AuditLog(inData('admin.jsonl'), log),
  };
}

export type Data = Awaited<ReturnType<typeof openData>>;
