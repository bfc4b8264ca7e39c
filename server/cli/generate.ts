import {
  type ArgsInput,
  type ClassArg,
  classFromText,
  type EventData,
  spectrumFromText,
} from '../../protocol/index.ts';
import { decodeWav, type WavFormat } from '../audio/wav.ts';
import type { ConfigInput } from '../config.ts';
import { CliError, exits, toCliError } from './errors.ts';
import { type Named, type Target, targetOf, writeClip } from './files.ts';
import { envelopeOf } from './followed.ts';
import { untilInterrupt } from './interrupt.ts';
import { argsOf, readClip, voiceOnServer } from './like.ts';
import { openSession } from './open-session.ts';
import { asFlac, asWav } from './pack.ts';
import { play } from './play.ts';
import type { OnEvent, Session } from './session.ts';
import { tellUnderstood } from './understood.ts';
import { createView, type View } from './view.ts';

export interface GenerateOptions {
  seed?: string;
  count?: number;
  temperature?: number;
  topK?: number;
  topP?: number;
  guidance?: number;
  envelope?: string;
  spectrum?: string;
  density?: number;
  candidates?: number;
  avoid?: string;
  rate?: number;
  format?: WavFormat;
  voice?: string;
  out?: string;
  play?: boolean;
  json?: boolean;
  like?: string;
  url?: string;
  token?: string;
  local?: boolean;
  config: ConfigInput;
}

type Making = 'foley.generate' | 'foley.vary';
type Accepted = EventData<'foley.generate', 'accepted'>;
type Row = EventData<'foley.generate', 'row'>;
type Done = EventData<'foley.generate', 'done'>;

/** `foleyd generate`: asks for clips, shows their rows, writes them. Resolves with the exit code. */
export async function generate(what: string | undefined, options: GenerateOptions): Promise<number> {
  const made = options.like === undefined ? null : await readClip(options.like);
  if (what === undefined && made === null)
    throw new CliError('usage', 'name a class, as in: foleyd generate DogBark; foleyd voices lists them');
  const target = await targetOf(options.out, options.count);
  checkTarget(target, options);
  const { envelope } = options;
  const follows: Record<string, unknown> = envelope === undefined ? {} : { envelope: await envelopeOf(envelope) };
  const format = options.format ?? made?.format ?? 'f32';
  return makeFiles('foley.generate', options, { target, format }, async (session) => ({
    ...(made ? argsOf(made.recipe) : {}),
    ...argsFrom(what, options),
    ...follows,
    ...(made ? { voice: await voiceOnServer(session, made.recipe, options.voice) } : {}),
  }));
}

/** Asks for clips by one of the commands that make some, and writes each. Resolves with the exit code. */
export async function makeFiles(
  cmd: Making,
  options: Omit<GenerateOptions, 'like'>,
  { target, format }: { target: Target; format: WavFormat },
  argsOn: (session: Session) => Promise<Record<string, unknown>>,
): Promise<number> {
  const session = await openSession({ ...options, makesFiles: true });
  const view = options.json ? null : createView(process.stderr);
  return untilInterrupt(session, exits.interrupted, async () => {
    const args = { ...(await argsOn(session)), rows: true, audio: false, save: true };
    const { accepted, done } = await ask(session, cmd, args, view);
    const files: string[] = [];
    for (const clip of done.clips) {
      const flac = target.kind === 'file' && target.ending === 'flac';
      const bytes = (flac ? asFlac : asWav)(decodeWav(await session.clip(clip)), format);
      const named: Named = { class: accepted.class, seed: clip.seed };
      const file = await writeClip(target, named, done.clips.length, bytes);
      files.push(file);
      if (options.json)
        say({ event: 'saved', data: { index: clip.index, clip: clip.clip, file, bytes: bytes.byteLength } });
      else if (target.kind !== 'stdout') process.stdout.write(`${file}\n`);
    }
    // What foleyd play, export and clips take; on stderr, since scripts read the files from stdout.
    if (view) for (const { clip, seed } of done.clips) process.stderr.write(`clip ${clip}, seed ${seed}\n`);
    if (view) process.stderr.write(`${summary(done, session.where)}\n`);
    if (options.play) for (const file of files) await play(file);
    return exits.ok;
  });
}

/** Sends the request and shows what comes; with --json each answer is a line. */
async function ask(
  session: Session,
  cmd: Making,
  args: Record<string, unknown>,
  view: View | null,
): Promise<{ accepted: Accepted; done: Done }> {
  let accepted: Accepted | undefined;
  const onEvent: OnEvent = (event, data) => {
    if (view === null) say({ event, data });
    if (event === 'accepted') {
      accepted = data as Accepted;
      const name = typeof accepted.class === 'string' ? accepted.class : Object.keys(accepted.class).join(' + ');
      view?.accepted({ ...accepted, class: name });
      if (view) tellUnderstood(accepted);
    } else if (event === 'row') {
      const { index, row, rows, codes } = data as Row;
      view?.row(index, row, rows, codes);
    }
  };
  try {
    // What was typed is for the server to check.
    const done = await session.call(cmd, args as ArgsInput<Making>, onEvent);
    if (view === null) say({ event: 'done', data: done });
    if (accepted === undefined) throw new CliError('internal', 'the server sent a clip before the event `accepted`');
    return { accepted, done };
  } catch (thrown) {
    const { code, message } = toCliError(thrown);
    if (view === null) say({ event: 'failed', data: { code, message } });
    throw thrown;
  } finally {
    view?.end();
  }
}

/** What was said on the command line; the server checks it and fills in the rest. */
export function argsFrom(what: string | undefined, options: GenerateOptions): Record<string, unknown> {
  const { avoid, spectrum } = options;
  const given = {
    class: what === undefined ? undefined : classOf(what),
    seed: options.seed,
    count: options.count,
    temperature: options.temperature,
    topK: options.topK,
    topP: options.topP,
    guidance: options.guidance,
    candidates: options.candidates,
    avoid: avoid === undefined ? undefined : classOf(avoid),
    spectrum: spectrum === undefined ? undefined : spectrumFromText(spectrum),
    density: options.density,
    rate: options.rate,
    voice: options.voice,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** A name, an id, or a mix like DogBark:0.7+Rain:0.3. */
const classOf = (text: string): ClassArg => (/^\d{1,5}$/.test(text) ? Number(text) : classFromText(text));

/** What does not go with where the clips go. Throws usage. */
export function checkTarget(target: Target, { format, count = 1, json, play: heard }: GenerateOptions): void {
  if (target.kind === 'file' && target.ending === 'flac') {
    if (format === 'f32')
      throw new CliError('usage', 'FLAC has no floating-point samples: leave --format out for 24 bits, or give s16');
    if (heard) throw new CliError('usage', '--play needs a WAV: write to a .wav file, or leave --play out');
  }
  if (target.kind !== 'stdout') return;
  if (json) throw new CliError('usage', '--json and --out - both write to standard output; use one of them');
  if (count > 1) throw new CliError('usage', '--out - takes one clip; name a folder for several');
  if (heard) throw new CliError('usage', '--play needs a file; name one with --out');
}

function summary({ clips, seconds, timings }: Done, where: string): string {
  const clip =
    clips.length === 1 ? `${seconds.toFixed(2)} s of sound` : `${clips.length} clips of ${seconds.toFixed(2)} s`;
  return `${clip} in ${(timings.totalMs / 1000).toFixed(2)} s, made by ${where}`;
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
