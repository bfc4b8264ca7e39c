import { ProtocolError } from '../../protocol/index.ts';
import type { Clips } from '../clips/clip.ts';
import type { Handler } from '../dispatch/dispatcher.ts';
import { diskReason } from '../util/disk-reason.ts';
import type { Trash, TrashItem } from '../util/trash.ts';

export interface TrashDeps {
  trash: Trash;
  clips: Clips;
}

/** `trash.list`. */
export function trashList({ trash, clips }: TrashDeps): Handler<'trash.list'> {
  return async ({ args: { kind, limit }, session }) => {
    const found = (await trash.list()).filter((item) => {
      return (kind === undefined || item.kind === kind) && (item.kind === 'clip' || session.role === 'admin');
    });
    const items = await Promise.all(
      found.slice(0, limit).map(async ({ dir, ...item }) => {
        const told = item.kind === 'clip' ? await clips.trashed({ dir, ...item }) : null;
        return { ...item, name: told?.name ?? '', class: told?.class ?? null };
      }),
    );
    return { items, total: found.length, bytes: sum(found) };
  };
}

/** `trash.empty`. */
export function trashEmpty({ trash }: TrashDeps): Handler<'trash.empty'> {
  return async ({ args: { kind, id } }) => {
    const found = (await trash.list()).filter((item) => {
      return (kind === undefined || item.kind === kind) && (id === undefined || item.id === id);
    });
    try {
      await trash.empty(found);
    } catch (cause) {
      throw new ProtocolError('io_error', `the trash could not be emptied: ${diskReason(cause)}`, { cause });
    }
    return { removed: found.length, bytes: sum(found) };
  };
}

function sum(items: readonly TrashItem[]): number {
  return items.reduce((all, { bytes }) => all + bytes, 0);
}
