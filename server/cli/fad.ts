import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { EventData } from '../../protocol/index.ts';
import { decodeWav } from '../audio/wav.ts';
import { resolveConfig } from '../config.ts';
import { type CustomReference, EmbedderClient } from '../evaluation/embedder-client.ts';
import { Evaluation, type EvaluationResult } from '../evaluation/evaluator.ts';
import type { MaskedClip } from '../evaluation/fad.ts';
import { diskReason } from '../util/disk-reason.ts';
import { isHidden } from '../util/folders.ts';
import { type Bar, progressBar } from './bar.ts';
import { columns, figure } from './columns.ts';
import { CliError, exits } from './errors.ts';
import { historyChart, historyTable, readHistory } from './fad-history.ts';
import { replaceFile } from './files.ts';
import { openSession, type SessionChoice } from './open-session.ts';

type Score = EventData<'admin.fad', 'done'>['score'];

export interface FadOptions extends SessionChoice {
  voice?: string;
  candidate?: string;
  reference?: string;
  embedder?: string;
  classes?: string;
  clips?: number;
  seed?: number;
  guidance?: number;
  history?: boolean;
  chart?: string;
  json?: boolean;
}

/** A folder with more is taken from its beginning: distances need hundreds of clips, not a library. */
const MAX_FILES = 2000;

/** `foleyd fad`: asks a server to measure a voice, or measures a folder of clips right here. */
export async function fad(options: FadOptions): Promise<number> {
  if (options.chart !== undefined && options.history !== true)
    throw new CliError('usage', '--chart draws the history; use it with --history');
  if (options.candidate !== undefined) {
    const result = await ofFolder(options.candidate, options);
    process.stdout.write(options.json === true ? `${JSON.stringify(result)}\n` : table(result));
    return exits.ok;
  }
  if (options.reference !== undefined && (await stat(options.reference).catch(() => null)) !== null)
    throw new CliError(
      'usage',
      '--reference: a folder or file needs --candidate; without it, expected the name of a .npz file in the server folder named references',
    );
  const session = await openSession(options);
  try {
    if (options.history === true) {
      const found = await readHistory(session, options.voice);
      if (options.chart !== undefined) await replaceFile(options.chart, historyChart(found));
      process.stdout.write(options.json === true ? `${JSON.stringify(found)}\n` : historyTable(found));
      return exits.ok;
    }
    const bar = progressBar(options.json === true ? 'none' : process.stderr.isTTY === true ? 'line' : 'tenths');
    const { voice, clips, seed, guidance, reference } = options;
    const given = { voice, clips, seed, guidance, reference, classes: options.classes?.split(',') };
    const args = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const { score } = await session.call('admin.fad', args, (event, data) => {
      if (event === 'accepted') sayMissing((data as EventData<'admin.fad', 'accepted'>).missing);
      if (event === 'progress') bar.show(data as EventData<'admin.fad', 'progress'>);
    });
    bar.end();
    process.stdout.write(options.json === true ? `${JSON.stringify(score)}\n` : `${title(score)}\n${table(score)}`);
    return exits.ok;
  } finally {
    await session.close();
  }
}

async function ofFolder(candidate: string, { embedder, reference, classes, seed = 0, config }: FadOptions) {
  const dir = embedder ?? path.join(resolveConfig({ ...config, listen: false }).models, 'default');
  const client = new EmbedderClient();
  try {
    const bar = progressBar(process.stderr.isTTY === true ? 'line' : 'tenths');
    const given = reference === undefined ? null : await asReference(client, dir, reference, bar);
    const files = await filesByClass(candidate);
    const labels = classes?.split(',') ?? [...files.keys()];
    const evaluation = await Evaluation.open(client, { dir, reference: given, labels, seed });
    sayMissing(evaluation.missing);
    const own = evaluation.labels.flatMap((label) => (files.get(label) ?? []).map((file) => ({ label, file })));
    for (const [i, { label, file }] of own.entries()) {
      const { pcm, rate } = await wav(file);
      await evaluation.embed(label, pcm, rate);
      bar.show({ part: 'clips', done: i + 1, of: own.length });
    }
    const result = await evaluation.measure(() => undefined);
    bar.end();
    return result;
  } finally {
    await client.close();
  }
}

function sayMissing(classes: readonly string[]): void {
  for (const label of classes) process.stderr.write(`foleyd: the reference has no class ${label}; it is left out\n`);
}

async function asReference(client: EmbedderClient, dir: string, place: string, bar: Bar): Promise<CustomReference> {
  const found = await stat(place).catch(() => null);
  if (found === null)
    throw new CliError(
      'unknown_reference',
      `${place} does not exist; expected a folder of WAVs per class, or a .npz file`,
    );
  if (found.isFile()) return { npz: await readFile(place) };
  const clips: Record<string, MaskedClip[]> = {};
  for (const [label, files] of await filesByClass(place)) {
    clips[label] = [];
    for (const [i, file] of files.entries()) {
      const { pcm, rate } = await wav(file);
      const { patches, values, sounding } = await client.embed(dir, pcm, rate);
      clips[label].push({ patches, values, sounding });
      bar.show({ part: `reference ${label}`, done: i + 1, of: files.length });
    }
  }
  return { clips };
}

/** WAVs in the folders of a folder, by the folders' names. */
export async function filesByClass(place: string): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  const folders = await readdir(place, { withFileTypes: true }).catch((cause: Error) => {
    throw new CliError('io_error', `${place} cannot be read: ${diskReason(cause)}`);
  });
  for (const folder of folders.filter((entry) => entry.isDirectory() && !isHidden(entry.name))) {
    const names = (await readdir(path.join(place, folder.name)))
      .filter((name) => /\.wav$/i.test(name) && !isHidden(name))
      .sort();
    if (names.length > 0)
      found.set(
        folder.name,
        names.slice(0, MAX_FILES).map((name) => path.join(place, folder.name, name)),
      );
  }
  if (found.size === 0)
    throw new CliError('io_error', `${place} has no subfolder with WAV files; expected one per class`);
  return found;
}

async function wav(file: string): Promise<{ pcm: Float32Array; rate: number }> {
  try {
    return decodeWav(await readFile(file));
  } catch (error) {
    throw new CliError('io_error', `${file}: ${(error as Error).message}`);
  }
}

function title({ voice, hash, reference, clips, embedder }: Score): string {
  return `${voice} (${hash.slice(0, 12)}), ${clips} clips a class, against ${reference}, by embedder ${embedder.slice(0, 12)}`;
}

function table({ classes, average }: EvaluationResult): string {
  const head = ['class', 'FAD', '95 %', 'FAD inf', 'KAD', 'recognised', 'clips', 'real'];
  const rows = Object.entries(classes).map(([label, one]) => [
    ...[label, figure(one.fad), one.low === null ? '-' : `${figure(one.low)}..${figure(one.high)}`],
    ...[figure(one.infinity), figure(one.kad, 2), figure(one.named, 2), String(one.clips)],
    `${one.reference.clips ?? '?'}${one.reference.small ? ' (few)' : ''}`,
  ]);
  const { fad: mean, low, high, infinity, kad, named } = average;
  rows.push([
    'average',
    figure(mean),
    low === null ? '' : `${figure(low)}..${figure(high)}`,
    figure(infinity),
    figure(kad, 2),
    figure(named, 2),
    '',
    '',
  ]);
  return columns([head, ...rows]);
}
