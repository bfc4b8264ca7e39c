import { readSheetText } from '../delivery/csv.ts';
import {
  atCell,
  brief,
  inCell,
  lengthUntil,
  type Marker,
  type MarkerField,
  type MoreField,
  moreFields,
} from './marker.ts';
import { type FrameRate, readTime } from './timecode.ts';

/** Names of columns, as REAPER, Resolve, Premiere and people call them, in small letters without spaces and signs. */
const COLUMNS: Readonly<Record<'at' | 'end' | 'length' | 'class' | 'name', readonly string[]>> = {
  at: ['at', 'start', 'time', 'position', 'in', 'begin', 'timecode', 'tc', 'tcin', 'recordin', 'starttime', 'startpos'],
  end: ['end', 'out', 'tcout', 'recordout', 'endtime', 'endpos'],
  length: ['length', 'duration', 'seconds', 'len'],
  class: ['class', 'sound'],
  name: ['name', 'marker', 'markername', 'label', 'description', 'text', 'notes', 'comment'],
};

/**
 * The markers of a CSV or TSV with a line of names, as REAPER's region and marker manager, Resolve and Premiere export
 * it; columns that we do not know are somebody's own. Throws with line and column.
 */
export function readMarkerSheet(text: string, rate: Partial<FrameRate>): Marker[] {
  const { rows, names } = readSheetText(text);
  const find = (wanted: keyof typeof COLUMNS): string | undefined =>
    COLUMNS[wanted].map((one) => names.find((name) => plain(name) === one)).find((name) => name !== undefined);
  const [at, end, length] = [find('at'), find('end'), find('length')];
  const [label, name] = [find('class'), find('name')];
  const named = names.filter((one) => one !== '').map(brief);
  const found = [...named.slice(0, 20), ...(named.length > 20 ? ['...'] : [])].join(', ') || 'none';
  if (at === undefined) throw atCell(1, undefined, `expected a column for the time, as Start or At; found ${found}`);
  if (label === undefined && name === undefined)
    throw atCell(1, undefined, `expected a column for the sound, as Name or Class; found ${found}`);
  const more = names.flatMap((one) => {
    const field = moreFields.find((known) => known.toLowerCase() === plain(one));
    return field === undefined ? [] : [[field, one] as const];
  });
  return rows.map(({ line, cells }): Marker => {
    const time = (column: string): number => inCell(line, column, () => readTime(cells[column]!, rate));
    const has = (column: string | undefined): column is string => column !== undefined && cells[column] !== undefined;
    const textColumn = has(label) ? label : (name ?? label!);
    if (!has(at)) throw atCell(line, at, 'expected a time; found nothing');
    if (!has(textColumn)) throw atCell(line, textColumn, 'expected the name of a class; found nothing');
    const begin = time(at);
    const columns: Partial<Record<MarkerField, string>> = { at, text: textColumn, ...Object.fromEntries(more) };
    const extent: Pick<Marker, 'length'> = {};
    if (has(length)) {
      columns.length = length;
      const seconds = time(length);
      // A marker is a region without length to some programs.
      if (seconds > 0) extent.length = seconds;
    } else if (has(end)) {
      columns.end = end;
      extent.length = inCell(line, end, () => lengthUntil(begin, readTime(cells[end]!, rate)));
    }
    const given = more.filter(([, column]) => has(column)).map(([field, column]) => [field, cells[column]!] as const);
    const described = has(label) && has(name) ? { fxName: cells[name]! } : {};
    const all = { ...described, ...Object.fromEntries(given) } as Partial<Record<MoreField, string>>;
    return { line, columns, at: begin, ...extent, text: cells[textColumn]!, isClass: has(label), more: all };
  });
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}
