import type { EventData } from '../../protocol/index.ts';
import { columns } from './columns.ts';
import { CliError, exits } from './errors.ts';
import { openSession, type SessionChoice } from './open-session.ts';
import type { Session } from './session.ts';

export type TrashOptions = SessionChoice & { limit?: number; json?: boolean };

type Item = EventData<'trash.list', 'done'>['items'][number];

const LIMIT = 50;
const MAX_PER_PAGE = 500;

/** `foleyd trash`: what was deleted and can be restored. */
export async function listTrash(options: TrashOptions): Promise<number> {
  return withSession(options, async (session) => {
    const { items, total } = await session.call('trash.list', {
      limit: Math.min(MAX_PER_PAGE, options.limit ?? LIMIT),
    });
    if (options.json === true) process.stdout.write(`${JSON.stringify(items)}\n`);
    else if (items.length > 0) process.stdout.write(columns(items.map(row)));
    if (total === 0) process.stderr.write('the trash is empty\n');
    else if (items.length < total && options.json !== true)
      process.stderr.write(`the latest ${items.length} of ${total} items; --limit N shows more\n`);
  });
}

/** `foleyd trash restore ID...`: by id, whatever it is. */
export async function restoreTrash(ids: readonly string[], options: TrashOptions): Promise<number> {
  return withSession(options, async (session) => {
    const { items } = await session.call('trash.list', { limit: MAX_PER_PAGE });
    for (const id of ids) {
      const kinds = new Set(items.filter((item) => item.id === id).map(({ kind }) => kind));
      if (kinds.size > 1)
        throw new CliError('usage', `${id} is a voice and a data set; use voice.restore or dataset.restore`);
      const [kind] = kinds;
      if (kind === 'voice') await session.call('voice.restore', { voice: id });
      else if (kind === 'dataset') await session.call('dataset.restore', { dataset: id });
      // The trash may have more clips than are listed.
      else await session.call('clip.restore', { clip: id });
      const done = { kind: kind ?? 'clip', id };
      process.stdout.write(
        options.json === true ? `${JSON.stringify(done)}\n` : `${nameOf(done.kind)} ${id} restored\n`,
      );
    }
  });
}

/** `foleyd trash empty`. */
export async function emptyTrash(ids: readonly string[], options: TrashOptions): Promise<number> {
  return withSession(options, async (session) => {
    let [removed, bytes] = [0, 0];
    for (const id of ids.length === 0 ? [undefined] : ids) {
      const done = await session.call('trash.empty', id === undefined ? {} : { id });
      if (id !== undefined && done.removed === 0)
        throw new CliError('usage', `${id} is not in the trash; foleyd trash lists what is`);
      removed += done.removed;
      bytes += done.bytes;
    }
    const text = `${removed} ${removed === 1 ? 'item' : 'items'} deleted, ${size(bytes)} freed\n`;
    process.stdout.write(options.json === true ? `${JSON.stringify({ removed, bytes })}\n` : text);
  });
}

/** How the CLI says that something was deleted. */
export function restorable(id: string, until: number | null): string {
  return until === null ? '' : `; until ${day(until)}: foleyd trash restore ${id}`;
}

async function withSession(options: TrashOptions, work: (session: Session) => Promise<void>): Promise<number> {
  const session = await openSession(options);
  try {
    await work(session);
    return exits.ok;
  } finally {
    await session.close();
  }
}

function row({ kind, id, name, class: label, bytes, deleted, until }: Item): string[] {
  const what = label === null ? '-' : typeof label === 'string' ? label : Object.keys(label).join('+');
  const plain = name.replace(/\p{Cc}/gu, ' ');
  return [nameOf(kind), id, what, size(bytes), `deleted ${day(deleted)}`, `kept until ${day(until)}`, plain];
}

const nameOf = (kind: Item['kind']): string => (kind === 'dataset' ? 'data set' : kind);
const day = (time: number): string => new Date(time).toISOString().slice(0, 10);
const size = (bytes: number): string =>
  bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
