import type { EventData } from '../../../protocol/commands/index.ts';
import { link, notices } from './link.svelte.ts';

/** What the check of a data set found, or why there is none. */
export type Report = EventData<'dataset.info', 'done'>;

/** What the check of a data set did with one file. */
export interface Checked {
  file: string;
  result: 'kept' | 'cut' | 'duplicate' | 'silent' | 'unreadable' | 'no audio';
  why: string;
}

/** Results of files that no clip comes from. */
export const LEFT_OUT: readonly Checked['result'][] = ['silent', 'unreadable', 'no audio'];

const NO_AUDIO = 'its extension is not that of WAV, FLAC, Ogg, MP3 or AIFF';

/** Files that are not sent at all. */
export function leftOut(names: readonly string[]): Checked[] {
  return names.map((file) => ({ file, result: 'no audio', why: NO_AUDIO }));
}

function checked({ file: sent, clips, unreadable }: EventData<'dataset.add', 'progress'>): Checked {
  const file = plainName(sent);
  if (unreadable !== undefined) return { file, result: 'unreadable', why: unreadable };
  if (clips === 0) return { file, result: 'silent', why: 'nothing louder than -60 dBFS' };
  if (clips === 1) return { file, result: 'kept', why: 'one clip' };
  return { file, result: 'cut', why: `${clips} clips, cut where it is quiet` };
}

/** Names the recordings that are copies of others, which only a look at all of them shows. */
export function withCopies(all: readonly Checked[], copies: Report['copies'] = []): Checked[] {
  const of = new Map(copies.map((copy) => [plainName(copy.file), plainName(copy.of)]));
  return all.map((one) =>
    of.has(one.file) && !LEFT_OUT.includes(one.result)
      ? { ...one, result: 'duplicate', why: `nearly the same as ${of.get(one.file)}; one of the two is enough` }
      : one,
  );
}

/** A recording as it was called before it was numbered and put into the folder of its class. */
function plainName(file: string): string {
  return file.replace(/^(?:.*\/)?\d{4} /, '');
}

/** Bytes of a recording that go at once: their base64 fits into an argument. */
const PIECE_BYTES = 384 * 1024;
const AUDIO = /\.(wav|flac|ogg|oga|mp3|aiff?)$/i;

export function isAudio(name: string): boolean {
  return AUDIO.test(name);
}

/** Sends recordings and makes a data set of them. Rejects with what the server says. */
export async function teachFiles(
  files: readonly File[],
  order: { dataset: string; class: string; licence: string; author: string },
  onProgress: (text: string, share: number) => void,
  onChecked: (one: Checked) => void,
): Promise<Report> {
  const upload = `page-${Date.now().toString(36)}`;
  const whole = files.reduce((sum, { size }) => sum + size, 0);
  let sent = 0;
  for (const [i, file] of files.entries()) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    // Two recordings of one name would be one.
    const name = `${String(i + 1).padStart(4, '0')} ${file.name}`;
    for (let offset = 0; offset < bytes.length || offset === 0; offset += PIECE_BYTES) {
      const data = base64(bytes.subarray(offset, offset + PIECE_BYTES));
      await link.call('dataset.upload', { upload, file: name, offset, data });
      sent += Math.min(PIECE_BYTES, bytes.length - offset);
      onProgress(`Sending ${file.name}`, whole === 0 ? 1 : sent / whole);
    }
  }
  return link.call(
    'dataset.add',
    { dataset: order.dataset, upload, class: order.class, licence: order.licence, author: order.author },
    {
      onEvent: (event, data) => {
        if (event !== 'progress') return;
        const told = data as EventData<'dataset.add', 'progress'>;
        const one = checked(told);
        onChecked(one);
        onProgress(`Checked ${one.file}: ${one.result}`, told.done / files.length);
      },
    },
  );
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** Files of a drop, those in folders too. */
export async function filesOf(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (entries.every((entry) => entry === null)) return [...transfer.files];
  const found: File[] = [];
  const walk = async (entry: FileSystemEntry | null): Promise<void> => {
    if (entry === null || found.length >= 5000) return;
    if (entry.isFile) {
      found.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const one of some) await walk(one);
    }
  };
  for (const entry of entries)
    await walk(entry).catch((error: unknown) => notices.fail('Could not read a file', error));
  return found;
}
