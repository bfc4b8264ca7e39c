import { type EventData, measuredBy } from '../../protocol/index.ts';
import { MARGIN, type Panel, panel, type Series } from './charts/panel.ts';
import { COLOURS, page, shape, text } from './charts/svg.ts';
import { columns, figure } from './columns.ts';
import { CliError } from './errors.ts';
import type { Session } from './session.ts';

type Score = EventData<'voice.scores', 'done'>['scores'][number];

/** A score, and whether it is of the voice that is active now: of its graphs, not only of its name. */
export type PastScore = Score & { active: boolean };

/** Oldest first. `voice`: only of this id, of one that is gone too. Throws unknown_voice. */
export async function readHistory(session: Session, voice: string | undefined): Promise<PastScore[]> {
  const { scores } = await session.call('voice.scores', voice === undefined ? {} : { voice });
  const { voices } = await session.call('voice.list', {});
  if (voice !== undefined && scores.length === 0 && !voices.some(({ id }) => id === voice))
    throw new CliError(
      'unknown_voice',
      `there is no voice ${voice}, and nothing was measured of one; foleyd voices lists the voices`,
    );
  const active = voices.find((one) => one.active);
  return scores.map((score) => ({ ...score, active: score.voice === active?.id && score.hash === active.hash }));
}

/** Scores that compare with each other. */
interface Measure {
  letter: string;
  how: string;
  scores: PastScore[];
}

const NAME = 8;

/** One table for each way of measuring, since only figures of one table compare. */
export function historyTable(scores: readonly PastScore[]): string {
  if (scores.length === 0) return 'nothing has been measured yet\n';
  const tables = measuresOf(scores).map(({ letter, how, scores: own }) => {
    const labels = Object.keys(own[0]!.classes);
    const head = ['', 'when', 'voice', 'hash', 'FAD', '95 %', 'FAD inf', 'KAD', 'memorised'];
    const rows = own.map(({ active, when, voice, hash, average, memorised, classes }) => [
      ...[active ? '*' : '', minute(when), voice, hash.slice(0, 7), figure(average.fad), interval(average)],
      ...[figure(average.infinity), figure(average.kad, 2), memorised === null ? '-' : `${figure(100 * memorised)} %`],
      ...labels.map((label) => figure(classes[label]?.fad ?? null)),
    ]);
    return `${letter}: ${how}\n${columns([[...head, ...labels.map((label) => label.slice(0, NAME))], ...rows])}`;
  });
  const note = scores.some(({ active }) => active) ? '\n* the voice that is active now\n' : '';
  return `${tables.join('\n')}${note}`;
}

const WIDE = 860;
const NARROW = 370;
/** Points drawn; a picture of more is a picture of none. */
const MAX_SCORES = 40;
/** Points whose names fit side by side below a panel. */
const LEVEL = 5;

/** FAD over time, of all classes and of each, as an SVG. Evenly spaced: measurements come in bursts. */
export function historyChart(all: readonly PastScore[]): string {
  const scores = all.slice(-MAX_SCORES);
  const measures = measuresOf(scores);
  const slanted = scores.length > LEVEL;
  const foot = slanted ? MARGIN.slanted : MARGIN.bottom + 8;
  // Slanted names reach to the left of what they stand for.
  const left = MARGIN.left + (slanted ? 44 : 12);
  const elements = [
    text(12, 22, 'Fréchet audio distance of voices: lower is nearer to real recordings', {
      'font-size': 15,
      'font-weight': 'bold',
    }),
    text(12, 40, about(all.length), { fill: '#555' }),
  ];
  let top = 62;
  for (const [i, { letter, how }] of measures.entries()) {
    elements.push(shape('circle', { cx: 18, cy: top - 4, r: 4, fill: colour(i) }));
    elements.push(text(28, top, `${letter}: ${how}`, { 'font-size': 11 }));
    top += 16;
  }
  if (scores.length === 0) return page(WIDE + left + 20, top + 20, elements);

  const axis: Pick<Panel, 'from' | 'to' | 'slanted'> = { from: -0.5, to: scores.length - 0.5, slanted };
  const ticks = scores.map(({ voice, when, active }, x) => ({
    x,
    label: `${short(voice)}, ${when.slice(5, 10)}${active ? ' *' : ''}`,
  }));
  const seriesOf = (value: (score: PastScore) => Value | undefined): Series[] =>
    measures.map((measure, i) => ({
      colour: colour(i),
      points: measure.scores.flatMap((score) => point(score, scores.indexOf(score), value(score))),
    }));
  top += MARGIN.top;
  elements.push(
    ...panel({
      ...axis,
      title: 'all classes',
      left,
      top,
      width: WIDE,
      height: 220,
      ticks,
      series: seriesOf(({ average }) => average),
    }),
  );
  top += 220 + foot + MARGIN.top + 10;
  const labels = [...new Set(scores.flatMap(({ classes }) => Object.keys(classes)))];
  // The names stand below the large panel; the small ones have the same places.
  const bare = scores.map((_, x) => ({ x, label: '' }));
  for (const [i, label] of labels.entries()) {
    const column = i % 2;
    const place = { left: left + column * (WIDE - NARROW), top, width: NARROW, height: 110 };
    elements.push(
      ...panel({ ...axis, ...place, title: label, ticks: bare, series: seriesOf(({ classes }) => classes[label]) }),
    );
    if (column === 1 || i === labels.length - 1) top += 110 + MARGIN.top + 22;
  }
  return page(WIDE + left + 20, top, elements);
}

type Value = { fad: number; low: number | null; high: number | null };

function point(score: PastScore, x: number, value: Value | undefined): Series['points'] {
  if (value === undefined) return [];
  const { fad, low, high } = value;
  const range = low === null ? '' : ` (${interval(value)})`;
  const note = `${score.voice} ${score.hash.slice(0, 7)}, ${minute(score.when)}: ${figure(fad)}${range}`;
  return [{ x, y: fad, low, high, marked: score.active, note }];
}

/** In the order in which each was first used. */
function measuresOf(scores: readonly PastScore[]): Measure[] {
  const found = new Map<string, Measure>();
  for (const score of scores) {
    const key = measuredBy(score);
    const known = found.get(key) ?? { letter: letter(found.size), how: howOf(score), scores: [] };
    known.scores.push(score);
    found.set(key, known);
  }
  return [...found.values()];
}

function howOf({ clips, reference, embedder, temperature, guidance, patches, classes }: Score): string {
  const guided = guidance === null ? ", each voice's own guidance" : guidance === 0 ? '' : `, guidance ${guidance}`;
  const known = `${temperature === null ? '' : `, temperature ${temperature}`}${guided}`;
  const many = Object.keys(classes).length;
  // The references of the built-in voices say so in their name.
  const counted = reference.endsWith(`${patches} patches`) ? '' : `, ${patches} patches`;
  return `${clips} clips of each of ${many} ${many === 1 ? 'class' : 'classes'} against ${reference || 'an unnamed reference'}, by embedder ${embedder.slice(0, 8)}${known}${counted}`;
}

function about(count: number): string {
  const drawn = count > MAX_SCORES ? `the latest ${MAX_SCORES} of ${count} measurements` : `${count} measurements`;
  return `${drawn}, oldest on the left; only what was measured alike shares a line; bars are 95 % intervals over clips; ringed and * is active now`;
}

/** A, B, ... Z, AA, ... */
function letter(index: number): string {
  return (index < 26 ? '' : letter(Math.floor(index / 26) - 1)) + String.fromCharCode(65 + (index % 26));
}

const colour = (index: number): string => COLOURS[index % COLOURS.length]!;
const minute = (when: string): string => when.slice(0, 16).replace('T', ' ');
const interval = ({ low, high }: Value): string => (low === null ? '-' : `${figure(low)}..${figure(high)}`);
const short = (name: string): string => (name.length > 14 ? `${name.slice(0, 13)}…` : name);
