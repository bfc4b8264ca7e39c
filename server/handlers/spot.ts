import { randomInt } from 'node:crypto';
import {
  checkArgs,
  classFromText,
  commandOf,
  type EventData,
  envelopeFromText,
  limits,
  ProtocolError,
} from '../../protocol/index.ts';
import type { Context, Handler } from '../dispatch/dispatcher.ts';
import { resolveClass } from '../generation/class-weights.ts';
import { brief, type Marker, type MarkerField } from '../spotting/marker.ts';
import { readMarkers } from '../spotting/markers.ts';
import type { BatchDeps } from './batch.ts';
import { clipBatch } from './batch.ts';
import type { BatchArgs, Row } from './batch-lines.ts';

type Args = Context<'foley.spot'>['args'];
type Cue = NonNullable<Args['cues']>[number];

/** A cue with what it says of itself, and where it stands. */
interface Spotted {
  cue: Cue;
  place: (field: MarkerField) => { where: string; path: string };
  line: number;
  /** The class in the voice's spelling. */
  label: string;
}

/** `foley.spot`: markers become the rows of a batch. */
export function spot(deps: BatchDeps): Handler<'foley.spot'> {
  const batch = clipBatch(deps);
  return async (context) => {
    const {
      sheet,
      cues: _,
      fps,
      unknown,
      alternates,
      seed,
      voice,
      candidates,
      guidance,
      density,
      list,
      ...files
    } = context.args;
    const left: { line: number; name: string }[] = [];
    const spotted: Spotted[] = [];
    for (const one of cuesOf(context.args)) {
      const label = await labelOf(deps, one, voice).catch((error: unknown) => {
        if (unknown === 'refuse' || !(error instanceof ProtocolError) || error.code !== 'unknown_class')
          throw inPlace(one, error);
        left.push({ line: one.line, name: one.cue.class });
      });
      if (label !== undefined) spotted.push({ ...one, label });
    }
    if (spotted.length === 0)
      throw bad(
        'no marker names a class of the voice; voice.list names its classes',
        sheet === undefined ? 'args.cues' : 'args.sheet',
      );
    const overlaps = overlapsOf(spotted);
    let next = seed ?? randomInt(0, limits.drawnSeedMax + 1);
    const rows = spotted.map(({ cue, label }, i): Row => {
      const { at, length, alternates: count = alternates, ...own } = cue;
      const first = own.seed ?? next;
      if (own.seed === undefined) next = (next + count) % (limits.seedMax + 1);
      const row: Row = { ...own, at, count, seed: first, cue: i + 1, candidates: own.candidates ?? candidates };
      if (length !== undefined) row.length = length;
      row.guidance ??= guidance;
      // An envelope says itself when there are events.
      if (row.envelope === undefined) row.density ??= density;
      row.voice ??= voice;
      // A marker's text describes the sound better than the class.
      if (own.fxName === undefined && sheet !== undefined && cue.class !== label) row.fxName = describing(cue.class);
      return row;
    });
    const args = {
      ...files,
      reverse: false,
      loop: false,
      rows,
      ...(list === undefined ? {} : { sheet: list }),
    } as BatchArgs;
    const more = { cues: rows.length, overlaps, ...(left.length === 0 ? {} : { left }) };
    const emit = ((event: string, data: object, droppable?: boolean) =>
      context.emit(
        event as 'accepted',
        (event === 'accepted' ? { ...data, ...more } : data) as EventData<'foley.spot', 'accepted'>,
        droppable,
      )) as Context<'clip.batch'>['emit'];
    return batch({ ...context, args, emit });
  };
}

type Read = Omit<Spotted, 'label'>;

function cuesOf({ sheet, cues, fps }: Args): Read[] {
  if (cues !== undefined) {
    return cues.map((cue, i) => ({
      cue,
      line: i + 1,
      place: (field) => ({ where: `cue ${i + 1}`, path: `args.cues.${i}.${field === 'text' ? 'class' : field}` }),
    }));
  }
  let markers: Marker[];
  try {
    markers = readMarkers(sheet!, fps === undefined ? {} : { fps });
  } catch (error) {
    throw bad((error as Error).message, 'args.sheet');
  }
  if (markers.length > limits.batchFiles)
    throw bad(`it has ${markers.length} markers; expected at most ${limits.batchFiles}`, 'args.sheet');
  return markers.map((marker) => ({ cue: cueOf(marker), line: marker.line, place: placeOf(marker) }));
}

function placeOf({ line, columns }: Marker): Read['place'] {
  return (field) => {
    const column = columns[field];
    return { where: `line ${line}${column === undefined ? '' : `, column ${brief(column)}`}`, path: 'args.sheet' };
  };
}

/** A marker as `cues` has it, checked as those are. */
function cueOf(marker: Marker): Cue {
  const { at, length, text, more } = marker;
  const numbers = ['alternates', 'candidates', 'guidance', 'density'] as const;
  const cue: Record<string, unknown> = { ...more, at, class: text };
  if (length !== undefined) cue.length = length;
  for (const name of numbers) if (more[name] !== undefined) cue[name] = Number(more[name].replace(',', '.'));
  if (more.envelope !== undefined) cue.envelope = envelopeFromText(more.envelope);
  try {
    const checked = checkArgs(commandOf('foley.spot'), { cues: [cue] }, 'sheet') as unknown as Args;
    return checked.cues![0]!;
  } catch (error) {
    const [, field = 'text', said = ''] = /^args\.cues\.0\.?(\w*)[.\w]*:? *(.*)$/s.exec((error as Error).message) ?? [];
    const { where } = placeOf(marker)(field === 'class' || field === '' ? 'text' : (field as MarkerField));
    throw bad(`${where}: ${said || (error as Error).message}`, 'args.sheet');
  }
}

async function labelOf({ catalog }: BatchDeps, { cue }: Read, voice: string | undefined): Promise<string> {
  const found = await catalog.find(cue.voice ?? voice);
  if (cue.avoid !== undefined) resolveClass(found, classFromText(cue.avoid));
  const { label } = resolveClass(found, classFromText(cue.class));
  return typeof label === 'string' ? label : cue.class;
}

/** Throws where a cue stands there twice; counts those that begin while another of their class still lasts. */
function overlapsOf(spotted: readonly Spotted[]): number {
  const inOrder = [...spotted].sort((a, b) => a.cue.at - b.cue.at);
  const last = new Map<string, Spotted>();
  const until = new Map<string, number>();
  let count = 0;
  for (const one of inOrder) {
    const { cue, label } = one;
    const before = last.get(label);
    if (before?.cue.at === cue.at) {
      const [first, second] = before.line < one.line ? [before, one] : [one, before];
      const { where, path } = second.place('at');
      const message = `${where}: ${label} at ${cue.at} s appears twice, also in ${first.place('at').where}; remove one, or ask for more alternates`;
      throw bad(message, path);
    }
    if (cue.at < (until.get(label) ?? 0)) count += 1;
    last.set(label, one);
    until.set(label, Math.max(until.get(label) ?? 0, cue.at + (cue.length ?? 0)));
  }
  return count;
}

function inPlace(one: Read, error: unknown): unknown {
  if (!(error instanceof ProtocolError) || !error.code.startsWith('unknown_')) return error;
  const { where, path } = one.place('text');
  return new ProtocolError(error.code, `${where}: ${error.message}`, { path });
}

function bad(message: string, path: string): ProtocolError {
  return new ProtocolError('bad_args', `${path}: ${message}`, { path });
}

/** Without what no file name has. */
function describing(text: string): string {
  return text.slice(0, limits.nameChars);
}
