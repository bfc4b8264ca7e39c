import { ProtocolError } from '../../protocol/index.ts';
import type { ClipEntry, ClipPage, ClipQuery } from './clip.ts';

/** The clips that match, newest first, one page of them. Throws bad_args for a place that is none. */
export function page(entries: Iterable<ClipEntry>, query: ClipQuery): ClipPage {
  const found = [...entries].filter((entry) => matches(entry, query)).sort(newestFirst);
  const from = query.after === undefined ? 0 : placeAfter(found, query.after);
  const clips = found.slice(from, from + query.limit);
  const last = clips.at(-1);
  return {
    clips,
    total: found.length,
    next: last === undefined || from + clips.length >= found.length ? null : `${last.created}-${last.id}`,
  };
}

export function newestFirst(a: Pick<ClipEntry, 'created' | 'id'>, b: Pick<ClipEntry, 'created' | 'id'>): number {
  return b.created - a.created || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

function matches(entry: ClipEntry, { class: wanted, starred, text, of }: ClipQuery): boolean {
  if (of !== undefined && entry.from !== of) return false;
  if (starred !== undefined && entry.starred !== starred) return false;
  const classes =
    entry.class === null ? [] : typeof entry.class === 'string' ? [entry.class] : Object.keys(entry.class);
  if (wanted !== undefined && !classes.some((name) => name.toLowerCase() === wanted.toLowerCase())) return false;
  if (text === undefined) return true;
  const part = text.toLowerCase();
  return [entry.name, entry.id, entry.voiceId ?? '', ...classes].some((word) => word.toLowerCase().includes(part));
}

/** A place stays one when its clip is gone: it names the age too. */
function placeAfter(found: readonly ClipEntry[], after: string): number {
  const match = /^(\d{1,16}(?:\.\d{1,12})?)-([0-9a-f]{16})$/.exec(after);
  const created = Number(match?.[1]);
  const id = match?.[2];
  if (id === undefined)
    throw new ProtocolError('bad_args', 'args.after: expected `next` of the page before', { path: 'args.after' });
  const at = found.findIndex((entry) => newestFirst(entry, { created, id }) > 0);
  return at < 0 ? found.length : at;
}
