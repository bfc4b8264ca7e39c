import type { TrainerEvent } from './process.ts';

/** So many were found, and the first of them. */
export interface FileSample {
  count: number;
  files: string[];
}

/** A data set as its manifest says. */
export interface DataSet {
  id: string;
  /** ISO 8601. */
  created: string;
  licence: string;
  author: string;
  notes: string;
  /** Where the recordings came from, for people. */
  source: string;
  clips: number;
  minutes: number;
  /** Recordings the clips were cut from, and minutes of silence that were left out. */
  originals: number;
  minutesSilent: number;
  classes: { class: string; clips: number; train: number; eval: number; originals: number; minutes: number }[];
  silent: FileSample;
  clipped: FileSample;
  /** Pairs of clips of different recordings that are nearly the same. */
  duplicates: FileSample;
  /** Clips of the eval side that were left out because they are in train. */
  dropped: FileSample;
  /** Files that were not read, and why. */
  skipped: FileSample;
  /** Recordings that are nearly the same as an earlier one. Data sets of older servers do not say. */
  copies?: { file: string; of: string }[];
}

/** What became of one recording. */
export interface CheckedRecording {
  file: string;
  clips: number;
  /** Why it could not be read. */
  unreadable?: string;
}

export interface NewDataSet {
  id: string;
  /** Folder of recordings, or of a folder per class. */
  folder: string;
  /** All recordings are of this class; null where folders say. */
  class: string | null;
  /** Of the longest clip. */
  seconds: number;
  licence: string;
  author: string;
  notes: string;
  source: string;
}

const FORMAT = 'foleyd-dataset';
const NONE: FileSample = { count: 0, files: [] };

/** The manifest of a data set, as the trainer found its recordings. */
export function described({ id, licence, author, notes, source }: NewDataSet, found: TrainerEvent): DataSet {
  const { clips, minutes, originals, minutes_silent: minutesSilent, classes } = found;
  const { silent, clipped, duplicates, dropped, skipped = NONE, copies = [] } = found;
  const counted = { clips, minutes, originals, minutesSilent, classes };
  const said = { ...counted, silent, clipped, duplicates, dropped, skipped, copies };
  const given = { id, created: new Date().toISOString(), licence, author, notes, source };
  return { ...given, ...(said as unknown as Omit<DataSet, keyof typeof given>) };
}

export function writeManifest(set: DataSet): string {
  return `${JSON.stringify({ format: FORMAT, version: 1, ...set }, null, 2)}\n`;
}

/** Null where it is damaged, of another version, or of another data set. */
export function readManifest(text: string, id: string): DataSet | null {
  try {
    const { format, version, ...set } = JSON.parse(text) as Record<string, unknown>;
    // Data sets of older servers do not say what was skipped.
    const known = { skipped: NONE, ...set } as unknown as DataSet;
    return format === FORMAT && version === 1 && known.id === id ? known : null;
  } catch {
    return null;
  }
}
