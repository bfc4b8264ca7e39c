import type { ArgsInput, EventData } from '../../../protocol/commands/index.ts';
import { link } from './link.svelte.ts';

/** Sheets are a few kilobytes; what is larger is no list of markers. */
const MAX_BYTES = 512 * 1024;

export const filesText = (count: number): string => `${count} ${count === 1 ? 'file' : 'files'}`;

/** A sheet of markers that becomes files on the server. */
class Spotting {
  state = $state<'idle' | 'running' | 'done'>('idle');
  /** What is wrong, in words. */
  problem = $state('');
  name = $state('');
  done = $state(0);
  of = $state(0);
  notes = $state.raw<string[]>([]);
  /** The sheet that lists the files, as it is on the server. */
  sheet = $state.raw<{ path: string; name: string; text: string; files: number } | null>(null);
  #job: string | null = null;

  async start(file: File, args: Omit<ArgsInput<'foley.spot'>, 'sheet'>): Promise<void> {
    if (this.state === 'running') return;
    [this.state, this.problem, this.name, this.notes, this.sheet, this.#job] = [
      'running',
      '',
      file.name,
      [],
      null,
      null,
    ];
    [this.done, this.of] = [0, 0];
    try {
      if (file.size > MAX_BYTES) throw new Error(`the file has ${file.size} bytes; expected a sheet of markers`);
      const sheet = await textOf(file);
      const told = await link.call(
        'foley.spot',
        { ...args, sheet },
        { onEvent: (event, data) => this.#hear(event, data) },
      );
      const path = told.path ?? '';
      this.sheet = { path, name: path.split(/[\\/]/).at(-1)!, text: told.sheet, files: told.files };
      if (told.skipped > 0) this.notes = [...this.notes, `${filesText(told.skipped)} could not be made`];
      this.state = 'done';
    } catch (error) {
      this.problem = `${file.name}: ${(error as Error).message.replace(/^args\.sheet: /, '')}`;
      this.state = 'idle';
    }
  }

  async cancel(): Promise<void> {
    if (this.#job !== null) await link.call('job.cancel', { job: this.#job }).catch(() => undefined);
  }

  #hear(event: string, data: Record<string, unknown>): void {
    if (event === 'accepted') {
      const { job, files, left = [], overlaps, understood = [] } = data as EventData<'foley.spot', 'accepted'>;
      [this.#job, this.of] = [job, files];
      this.notes = [
        ...understood.map(({ name, class: label }) => `"${name}" is understood as ${label}`),
        ...left.map(({ line, name }) => `line ${line}: "${name}" names no class and is left out`),
        ...(overlaps > 0
          ? [`${overlaps} ${overlaps === 1 ? 'cue begins' : 'cues begin'} while an earlier one of the same class lasts`]
          : []),
      ];
    } else if (event === 'progress') this.done = (data as EventData<'foley.spot', 'progress'>).done;
    else if (event === 'stem')
      this.notes = [...this.notes, `The mix is on the server: ${(data as EventData<'foley.spot', 'stem'>).path}`];
  }
}

/** UTF-8, or UTF-16 with its mark, as editing programs export it. */
async function textOf(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const mark = `${bytes[0]} ${bytes[1]}`;
  const encoding = mark === '255 254' ? 'utf-16le' : mark === '254 255' ? 'utf-16be' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`it is not ${encoding.toUpperCase()}; save the sheet as "CSV UTF-8"`);
  }
}

export const spotting = new Spotting();
