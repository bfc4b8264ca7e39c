import type { VoiceCard } from '../../cards/voice-card.ts';
import { cellUniform, whiteNoise } from '../dsp/philox.ts';
import { floats, type Graph, read } from '../onnx/runtime.ts';
import { type GridAxes, isTimeMajor } from './code-grid.ts';
import { framesPerTime, type MelDecoder, type PartOfMel } from './mel-decoder.ts';

/** Frames begin..end of a clip, the first places in time whose codes decide them, and the frames that noise is shaped for. */
export interface Segment {
  begin: number;
  end: number;
  times: number;
  shapeFrom: number;
  shapeTo: number;
}

/** Frames to each side that an output of each graph depends on; infinite where that is the whole clip. */
export interface GraphReach {
  decoder: number;
  excitation: number;
  vocoder: number;
}

/** Of all graphs together. */
export interface Reach extends GraphReach {
  /** Places in time behind a segment whose codes its sound depends on: fewer than the graphs reach. */
  behind: number;
}

interface Graphs {
  decoder: Pick<MelDecoder, 'decode'>;
  excitation: Pick<Graph, 'run'> | null;
}

/** What codes that are left out may change of a sample. */
const INAUDIBLE = 1e-5;
/** Of shaped noise, whose deconvolution reaches far but dies away: tenfold in three frames (measured). */
const NEGLIGIBLE = 1e-6;
/** Frames beyond those that a probe needed: its mel is one of many. */
const GUARD = 4;
const PROBE_SEED = 1;

/**
 * Cuts a clip whose rows go along time into segments, so that the first is heard while later rows are sampled: one
 * step of the grid, one as long as `most` frames with all around it that it depends on, and the rest. Always the
 * same for a voice: rounding depends on it. None where rows do not go along time, or where a graph needs the whole clip.
 */
export function segmentsOf(card: VoiceCard, axes: GridAxes, reach: Reach, most: number): Segment[] {
  if (axes.timesAfter(0) === 0) return [];
  const { latent, mel } = card;
  const each = framesPerTime(card);
  const frames = mel.frames + 1;
  const around = reach.excitation + reach.vocoder;
  const first = [each, most - 2 * around];
  // The rest in halves: one is rendered while the rows of the other are sampled. More of them would cost more around each.
  const rest = frames - first.reduce((a, b) => a + b);
  const ends = rest >= 2 * most ? [...first, Math.floor(rest / 2)] : first;
  const out: Segment[] = [];
  let begin = 0;
  for (const length of ends) {
    const end = begin + length;
    const formal = Math.ceil((end + around + reach.decoder) / each);
    const times = Math.min(formal, Math.ceil(end / each) + reach.behind);
    if (!(length > 0 && Number.isFinite(formal) && times < latent.time)) break;
    out.push({ begin, end, times, shapeFrom: Math.max(0, begin - around), shapeTo: end + around });
    begin = end;
  }
  if (out.length > 0)
    out.push({ begin, end: frames, times: latent.time, shapeFrom: Math.max(0, begin - around), shapeTo: frames });
  return out;
}

/**
 * The graphs' reach. The vocoder's is on the card; the others' is measured on codes drawn at random: with the end of the
 * clip taken away, the last frame of the rest that stays as it was.
 */
export async function measureReach(card: VoiceCard, axes: GridAxes, graphs: Graphs): Promise<GraphReach> {
  const { latent, vocoder } = card;
  const codes = randomCodes(card, axes);
  const whole = await graphs.decoder.decode(codes);
  let decoder = 0;
  for (const share of [1 / 2, 2 / 3, 5 / 6]) {
    const times = Math.floor(latent.time * share);
    const first = firstChange(whole, await graphs.decoder.decode(codes, { times }));
    // Changed from the beginning on: the cut reaches further than there is to see.
    decoder = Math.max(decoder, first === 0 ? Number.POSITIVE_INFINITY : times * framesPerTime(card) - first);
  }
  const excitation = graphs.excitation === null ? 0 : await excitationReach(graphs.excitation, whole.bands, card);
  return { decoder, excitation, vocoder: vocoder.reach };
}

/** Mel frames around a part of a clip that are rendered along; of graphs that reach further, what serves. */
export function framesAround(reach: GraphReach, most: number): number {
  return Math.min(reach.excitation + reach.vocoder, Math.floor(most / 3));
}

/**
 * Places in time behind a part of a clip that its sound depends on. What the graphs reach is far more than what is heard
 * of it: measured on codes drawn at random, as the first number that leaves the sound as all that the graphs reach make
 * it. Infinite where there is none, or where rows are not steps of time.
 */
export async function measureBehind(
  card: VoiceCard,
  axes: GridAxes,
  reach: GraphReach,
  most: number,
  render: (codes: Uint16Array, span: Segment) => Promise<Float32Array>,
): Promise<number> {
  const { latent, mel, vocoder } = card;
  if (!isTimeMajor({ perRow: axes.perRow, timeOf: axes.timeOfCodes() }) || latent.time < 3)
    return Number.POSITIVE_INFINITY;
  const each = framesPerTime(card);
  const around = framesAround(reach, most);
  const formal = Math.ceil((around + Math.min(reach.decoder, mel.frames)) / each);
  const furthest = Math.min(formal, Math.floor((latent.time - 1) / 2));
  const codes = randomCodes(card, axes);
  const time = latent.time - 1 - furthest;
  const [begin, end] = [time * each, (time + 1) * each];
  const sound = (behind: number): Promise<Float32Array> => {
    const shaped = { shapeFrom: Math.max(0, begin - around), shapeTo: end + around };
    return render(codes, { begin, end, times: time + 1 + behind, ...shaped });
  };
  const whole = await sound(furthest);
  for (let behind = Math.ceil(vocoder.reach / each); behind < furthest; behind++) {
    const part = await sound(behind);
    if (part.every((sample, i) => Math.abs(sample - whole[i]!) <= INAUDIBLE)) return behind;
  }
  return Number.POSITIVE_INFINITY;
}

function randomCodes({ latent }: VoiceCard, axes: GridAxes): Uint16Array {
  return Uint16Array.from({ length: axes.rows * axes.perRow }, (_, cell) =>
    Math.floor(cellUniform(PROBE_SEED, cell) * latent.codes),
  );
}

/** The first frame at which two mels are not the same, or at which the shorter ends. */
function firstChange(one: PartOfMel, other: PartOfMel): number {
  const frames = Math.min(one.frames, other.frames);
  let first = frames;
  for (let bin = 0; bin * one.frames < one.bands.length; bin++)
    for (let frame = 0; frame < first; frame++)
      if (one.bands[bin * one.frames + frame] !== other.bands[bin * other.frames + frame]) first = frame;
  return first;
}

async function excitationReach(graph: Pick<Graph, 'run'>, bands: Float32Array, { mel }: VoiceCard): Promise<number> {
  const { bins, hop } = mel;
  const frames = bands.length / bins;
  const noise = whiteNoise(PROBE_SEED, frames * hop);
  const shape = async (from: number, to: number): Promise<Float32Array> => {
    const part = floats(columnsOf(bands, bins, from, to), [1, bins, to - from]);
    const feeds = { mel: part, noise: floats(noise.slice(from * hop, to * hop), [1, (to - from) * hop]) };
    return read(await graph.run(feeds), 'shaped').slice();
  };
  const whole = await shape(0, frames);
  const cut = frames >> 1;
  let reach = 0;
  for (const [from, to] of [
    [0, cut],
    [cut, frames],
  ] as const) {
    const part = await shape(from, to);
    for (let i = 0; i < part.length; i++) {
      if (Math.abs(part[i]! - whole[from * hop + i]!) <= NEGLIGIBLE) continue;
      const frame = Math.floor(i / hop);
      reach = Math.max(reach, from === 0 ? cut - frame : frame + 1);
    }
  }
  return reach >= Math.min(cut, frames - cut) ? Number.POSITIVE_INFINITY : reach + GUARD;
}

/** Columns from..to of a matrix [rows, columns]. */
export function columnsOf(matrix: Float32Array, rows: number, from: number, to: number): Float32Array {
  const columns = matrix.length / rows;
  const out = new Float32Array(rows * (to - from));
  for (let row = 0; row < rows; row++)
    out.set(matrix.subarray(row * columns + from, row * columns + to), row * (to - from));
  return out;
}
