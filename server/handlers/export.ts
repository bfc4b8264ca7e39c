import path from 'node:path';
import { type EventData, limits, ProtocolError } from '../../protocol/index.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Context, Handler } from '../dispatch/dispatcher.ts';

export interface ExportDeps {
  delivery: Delivery;
}

type Told = EventData<'clip.export', 'done'>;
type Made = Awaited<ReturnType<Delivery['make']>>;

/** Where files go, as `clip.export` and `clip.batch` take it. */
export type Wanted = Pick<Context<'clip.export'>['args'], 'to' | 'folder'>;

/** `clip.export`. */
export function clipExport({ delivery }: ExportDeps): Handler<'clip.export'> {
  return async ({ args: { clip, name, to, folder, ...settings } }) => {
    checkWanted(delivery, { to, folder });
    return hand(delivery, { to, folder }, await delivery.make(clip, settings), { name });
  };
}

/** Throws before anything is made where the file could not go. */
export function checkWanted(delivery: Delivery, { to, folder }: Wanted): void {
  if (to !== 'bytes') delivery.check({ to, folder });
}

/** Writes a file that was made, or puts it into the answer. Throws too_large where it fits into none. */
export async function hand(
  delivery: Delivery,
  { to, folder }: Wanted,
  made: Made,
  { name, onName }: { name?: string | undefined; onName?: (told: Told, sha256: string) => Promise<void> } = {},
): Promise<Told> {
  const { bytes, ending, seconds, lufs, truePeak, gain, looped } = made;
  const stem = name?.replace(/\.(wav|flac)$/i, '') ?? made.stem;
  const placed = made.placed === null ? {} : { placed: made.placed };
  const told = { bytes: bytes.byteLength, seconds, lufs, truePeak, gain, looped, ...placed };
  const before =
    onName && ((file: string, sha256: string) => onName({ ...told, name: path.basename(file), path: file }, sha256));
  return { ...told, ...(await sentOrWritten(delivery, { to, folder }, { stem, ending, bytes }, before)) };
}

/** Throws too_large, no_room, no_delivery, io_error. */
export async function sentOrWritten(
  delivery: Delivery,
  { to, folder }: Wanted,
  { stem, ending, bytes }: Pick<Made, 'stem' | 'ending' | 'bytes'>,
  before?: (file: string, sha256: string) => Promise<void>,
): Promise<Pick<Told, 'name' | 'path' | 'content'>> {
  if (to !== 'bytes') return delivery.write({ to, folder }, stem, ending, bytes, before);
  if (bytes.byteLength > limits.sentFileBytes) {
    throw new ProtocolError(
      'too_large',
      `the file has ${bytes.byteLength} bytes; at most ${limits.sentFileBytes} can be sent: have it written to the delivery folder`,
    );
  }
  return { name: `${stem}.${ending}`, path: null, content: bytes };
}
