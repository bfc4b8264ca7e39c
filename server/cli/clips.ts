import type { EventData } from '../../protocol/index.ts';
import { classNamed } from './class-name.ts';
import { columns } from './columns.ts';
import { CliError, exits } from './errors.ts';
import { openSession, type SessionChoice } from './open-session.ts';
import type { Session } from './session.ts';
import { restorable } from './trash.ts';

export interface ClipsOptions extends SessionChoice {
  class?: string;
  search?: string;
  starred?: boolean;
  limit?: number;
  star?: boolean;
  unstar?: boolean;
  delete?: boolean;
  json?: boolean;
}

type Entry = EventData<'clip.list', 'done'>['clips'][number];

/** Clips of one page where nobody says how many. */
const LIMIT = 50;
const MAX_PER_PAGE = 500;
const NO_CLIPS = 'no saved clips; to make one: foleyd generate CLASS; foleyd voices lists the classes\n';

const isFiltered = ({ class: label, search: text, starred }: ClipsOptions): boolean =>
  label !== undefined || text !== undefined || starred === true;

/** `foleyd clips`: lists or searches saved clips; with ids and an option, changes those. */
export async function clips(ids: readonly string[], options: ClipsOptions): Promise<number> {
  const { star, unstar, delete: remove } = options;
  const changes = [star, unstar, remove].filter((one) => one === true).length;
  if (changes > 1) throw new CliError('usage', 'use only one of --star, --unstar and --delete');
  if (changes === 1 && ids.length === 0)
    throw new CliError('usage', 'name the clips by their ids, as in: foleyd clips 9f2c4e5d6a7b8190 --star');
  const session = await openSession(options);
  try {
    if (changes === 1) {
      for (const clip of ids) await change(session, clip, options);
      return exits.ok;
    }
    const { found, total } =
      ids.length > 0 ? { found: await named(session, ids), total: ids.length } : await search(session, options);
    if (options.json === true) process.stdout.write(`${JSON.stringify(found)}\n`);
    else if (found.length > 0) process.stdout.write(columns(found.map(row)));
    if (found.length === 0) process.stderr.write(isFiltered(options) ? 'no clips match\n' : NO_CLIPS);
    else if (found.length < total && options.json !== true)
      process.stderr.write(`the newest ${found.length} of ${total} clips; --limit N shows more\n`);
    return exits.ok;
  } finally {
    await session.close();
  }
}

async function change(session: Session, clip: string, { star, unstar, json }: ClipsOptions): Promise<void> {
  const isDelete = star !== true && unstar !== true;
  const until = isDelete ? (await session.call('clip.delete', { clip })).until : null;
  if (!isDelete) await session.call('clip.star', { clip, starred: star === true });
  const done = isDelete ? 'deleted' : star === true ? 'starred' : 'unstarred';
  process.stdout.write(
    json === true ? `${JSON.stringify({ clip, done })}\n` : `${clip} ${done}${restorable(clip, until)}\n`,
  );
}

async function named(session: Session, ids: readonly string[]): Promise<Entry[]> {
  const found: Entry[] = [];
  for (const clip of ids) found.push((await session.call('clip.get', { clip })).clip);
  return found;
}

async function search(session: Session, options: ClipsOptions): Promise<{ found: Entry[]; total: number }> {
  const { class: label, search: text, starred } = options;
  const first = await pages(session, { class: label, text, starred }, options.limit);
  if (first.total > 0 || label === undefined) return first;
  const named = await classNamed(session, label);
  return named === label ? first : pages(session, { class: named, text, starred }, options.limit);
}

interface Filter {
  class: string | undefined;
  text: string | undefined;
  starred: boolean | undefined;
}

async function pages(session: Session, wanted: Filter, most = LIMIT): Promise<{ found: Entry[]; total: number }> {
  const filter = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
  const found: Entry[] = [];
  let total = 0;
  let after: string | null | undefined;
  do {
    const limit = Math.min(MAX_PER_PAGE, most - found.length);
    const page = await session.call('clip.list', { ...filter, limit, ...(after == null ? {} : { after }) });
    found.push(...page.clips);
    total = page.total;
    after = page.next;
  } while (found.length < most && after !== null);
  return { found, total };
}

function row({ clip, starred, class: label, seed, seconds, created, name }: Entry): string[] {
  const what = label === null ? '-' : typeof label === 'string' ? label : Object.keys(label).join('+');
  const when = new Date(created).toISOString().slice(0, 16).replace('T', ' ');
  const plain = name.replace(/\p{Cc}/gu, ' ');
  return [clip, starred ? '*' : ' ', what, seed === null ? '-' : String(seed), `${seconds.toFixed(2)} s`, when, plain];
}
