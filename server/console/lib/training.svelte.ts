import type { EventData } from '../../../protocol/commands/index.ts';
import { link, notices } from './link.svelte.ts';

export type Job = EventData<'admin.jobs', 'done'>['jobs'][number];

interface Audition {
  step: number;
  class: string;
  wav: Uint8Array;
  picture: string;
}

/** A training as this page follows it: its state, its curves and what it sounds like by now. */
export class Training {
  job = $state.raw<Job>(null as unknown as Job);
  stage = $state('');
  share = $state(0);
  eta = $state<number | null>(null);
  steps = $state.raw<number[]>([]);
  losses = $state.raw<Record<string, (number | null)[]>>({});
  evalSteps = $state.raw<number[]>([]);
  scores = $state.raw<Record<string, (number | null)[]>>({});
  auditions = $state.raw<Audition[]>([]);
  #stop = new AbortController();

  constructor(job: Job) {
    this.job = job;
    this.stage = job.stage ?? '';
    this.share = job.share;
    this.eta = job.eta;
  }

  get isOver(): boolean {
    return ['done', 'failed', 'cancelled'].includes(this.job.state);
  }

  /** Hears what the training has come to and how it goes on, until it is over. */
  follow(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    const { job } = this.job;
    this.steps = [];
    this.losses = {};
    this.evalSteps = [];
    this.scores = {};
    this.#closePictures();
    link
      .call('admin.attach', { job }, { signal: this.#stop.signal, onEvent: (event, data) => this.#hear(event, data) })
      .then(
        () => (this.job = { ...this.job, state: 'done', share: 1 }),
        () => undefined,
      );
  }

  leave(): void {
    this.#stop.abort();
    this.#closePictures();
  }

  #hear(event: string, data: Record<string, unknown>): void {
    if (event === 'state') {
      const { state, message } = data as EventData<'admin.attach', 'state'>;
      this.job = { ...this.job, state, message };
    } else if (event === 'stage') this.#stageIs((data as EventData<'admin.attach', 'stage'>).stage);
    else if (event === 'step') {
      const { stage, step, share, eta, losses } = data as EventData<'admin.attach', 'step'>;
      this.#stageIs(stage);
      this.share = share;
      this.eta = eta;
      [this.steps, this.losses] = added(this.steps, this.losses, step, losses);
    } else if (event === 'eval') {
      const { step, scores } = data as EventData<'admin.attach', 'eval'>;
      [this.evalSteps, this.scores] = added(this.evalSteps, this.scores, step, scores);
    } else if (event === 'audition') {
      const { step, class: of, wav, picture } = data as EventData<'admin.attach', 'audition'>;
      const url = URL.createObjectURL(new Blob([picture.slice()], { type: 'image/png' }));
      const all = [{ step, class: of, wav: wav.slice(), picture: url }, ...this.auditions];
      for (const old of all.slice(12)) URL.revokeObjectURL(old.picture);
      this.auditions = all.slice(0, 12);
    }
  }

  /** Steps count anew in each stage, so its curves do too. */
  #stageIs(stage: string): void {
    if (stage === this.stage) return;
    this.stage = stage;
    [this.steps, this.losses, this.evalSteps, this.scores] = [[], {}, [], {}];
  }

  #closePictures(): void {
    for (const { picture } of this.auditions) URL.revokeObjectURL(picture);
    this.auditions = [];
  }
}

/** Points that a curve has at most; then every second one goes. */
const MOST_POINTS = 2000;

function added(
  steps: number[],
  series: Record<string, (number | null)[]>,
  step: number,
  values: Record<string, number>,
): [number[], Record<string, (number | null)[]>] {
  const thin = steps.length >= MOST_POINTS;
  const keep = <T>(all: readonly T[]): T[] => (thin ? all.filter((_, i) => i % 2 === 0) : [...all]);
  const kept = keep(steps);
  const names = new Set([...Object.keys(series), ...Object.keys(values)]);
  const entries = [...names].map((name): [string, (number | null)[]] => {
    const before = series[name] === undefined ? kept.map(() => null) : keep(series[name]);
    return [name, [...before, values[name] ?? null]];
  });
  return [[...kept, step], Object.fromEntries(entries)];
}

/** What the check of a data set found, or why there is none. */
export type Report = EventData<'dataset.info', 'done'>;

/** What the check of a data set did with one file. */
export interface Checked {
  file: string;
  result: 'kept' | 'cut' | 'left out';
  why: string;
}

const NO_AUDIO = 'not WAV, FLAC, Ogg, MP3 or AIFF by its name';

/** Files that are not sent at all. */
export function leftOut(names: readonly string[]): Checked[] {
  return names.map((file) => ({ file, result: 'left out', why: NO_AUDIO }));
}

function checked(file: string, clips: number): Checked {
  if (clips === 0) return { file, result: 'left out', why: 'only silence' };
  if (clips === 1) return { file, result: 'kept', why: 'one clip' };
  return { file, result: 'cut', why: `${clips} clips, cut where it is quiet` };
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
        const { file, clips, done } = data as EventData<'dataset.add', 'progress'>;
        onChecked(checked(plainName(file), clips));
        onProgress(`Checked ${plainName(file)}: ${clips} ${clips === 1 ? 'clip' : 'clips'}`, done / files.length);
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
    await walk(entry).catch((error: unknown) => notices.fail('A file cannot be read', error));
  return found;
}
