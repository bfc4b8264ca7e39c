import { randomInt } from 'node:crypto';
import { limits, ProtocolError } from '../../protocol/index.ts';
import type { Voice } from '../catalog/catalog.ts';
import type { Lineage, StoredClip } from '../clips/clips.ts';
import type { Encoder } from '../engine/encoder.ts';
import type { Context, Handler } from '../registry.ts';
import { type Grid, gridOf } from '../shaping/grid.ts';
import { checkCodes, type Keep, keepMask } from '../shaping/keep.ts';
import { readRecording } from '../shaping/recording.ts';
import { type ChosenClass, chooseClass } from './classes.ts';
import { type MakingDeps, make, seedsFrom } from './making.ts';

export interface VaryDeps extends MakingDeps {
  encoder: Encoder;
}

/** Codes to start from, and whose they are. */
interface Source {
  voice: Voice;
  grid: Grid;
  codes: Uint16Array;
  chosen: ChosenClass;
  /** Of the sound the codes were made for; null for a recording. */
  seed: number | null;
  from: string | null;
}

/** `foley.vary`. */
export function vary(deps: VaryDeps): Handler<'foley.vary'> {
  return async (context) => {
    const begun = performance.now();
    const { args } = context;
    const source = await (args.clip === undefined ? ofRecording(deps, args) : ofClip(deps, args.clip, args));
    const { voice, grid, codes, chosen } = source;
    const keep: Keep = { amount: args.amount, codebooks: args.codebooks, rows: args.keepRows };
    if (Object.values(keep).every((value) => value === undefined)) keep.amount = 0.5;
    const seed = args.seed ?? randomInt(0, limits.drawnSeedMax + 1);
    const lineage: Lineage = { how: 'varied', from: source.from, ...defined(keep) };
    const takes = seedsFrom(seed, args.count).map((one) => {
      const given = keepMask(grid, keep, one);
      // With nothing drawn anew it is the same clip, and its noise too.
      const own = given.includes(0) ? one : (source.seed ?? one);
      return { seed: own, start: { codes, given }, lineage };
    });
    return make(deps, context, { voice, chosen, args, begun, seed, takes });
  };
}

/** `foley.branch`. */
export function branch(deps: VaryDeps): Handler<'foley.branch'> {
  return async (context) => {
    const begun = performance.now();
    const { args } = context;
    const source = args.clip === undefined ? ofJob(deps, args) : await ofClip(deps, args.clip, args);
    const { voice, grid, codes, chosen, known } = { known: source.grid.rows, ...source };
    const row = args.row ?? (args.clip === undefined ? known : Math.floor(grid.rows / 2));
    if (row > known) {
      throw new ProtocolError('bad_args', `args.row: ${known} of ${grid.rows} rows are known`, { path: 'args.row' });
    }
    const given = new Uint8Array(codes.length).fill(1, 0, row * grid.cols);
    const seed = args.seed ?? randomInt(0, limits.drawnSeedMax + 1);
    const lineage: Lineage = { how: 'branched', from: source.from, row };
    const takes = seedsFrom(seed, args.count).map((one) => ({ seed: one, start: { codes, given }, lineage }));
    return make(deps, context, { voice, chosen, args, begun, seed, takes });
  };
}

type Wish = Pick<Context<'foley.vary'>['args'], 'class'> & { voice?: string | undefined };

async function ofClip({ catalog, clips }: VaryDeps, id: string, wish: Wish): Promise<Source> {
  const clip = await clips.get(id);
  const { recipe } = clip;
  if (recipe === null || clip.codes === null) {
    throw new ProtocolError('bad_args', `args.clip: clip ${id} was saved without its codes`, { path: 'args.clip' });
  }
  const voice = await catalog.find(wish.voice ?? recipe.voiceId);
  if (voice.hash !== recipe.voice) {
    const message = `clip ${id} was made by voice ${recipe.voiceId} ${recipe.voice.slice(0, 12)}, not by ${voice.id} ${voice.hash.slice(0, 12)}`;
    throw new ProtocolError('wrong_voice', message, { path: 'args.clip' });
  }
  const grid = gridOf(voice.card);
  const codes = checkCodes(grid, clip.codes, 'args.clip');
  return { voice, grid, codes, chosen: classOf(voice, wish, clip), seed: recipe.seed, from: id };
}

function classOf(voice: Voice, wish: Wish, { recipe }: StoredClip): ChosenClass {
  if (wish.class !== undefined) return chooseClass(voice, wish.class);
  return { label: recipe!.class, weights: recipe!.classWeights };
}

async function ofRecording({ catalog, encoder }: VaryDeps, args: Context<'foley.vary'>['args']): Promise<Source> {
  const voice = await catalog.find(args.voice);
  const chosen = chooseClass(voice, args.class!);
  const grid = gridOf(voice.card);
  const { recordingRate: rate, recordingFormat: format } = args;
  const { pcm, rate: hertz } = readRecording({ text: args.recording!, rate, format });
  const codes = await encoder.encode(voice.dir, pcm, hertz);
  return { voice, grid, codes, chosen, seed: null, from: null };
}

/** A clip that is being made: as far as it is known now. */
function ofJob({ running }: VaryDeps, args: Context<'foley.branch'>['args']): Source & { known: number } {
  const found = running.find(args.job!, args.index);
  if (found === null) {
    const message = `no job ${args.job!.slice(0, 40)} runs whose clip ${args.index} has begun`;
    throw new ProtocolError('unknown_job', message, { path: 'args.job' });
  }
  const { voice, codes, rows } = found;
  const chosen = args.class === undefined ? found.chosen : chooseClass(voice, args.class);
  const seed = found.seeds[args.index] ?? null;
  return { voice, grid: gridOf(voice.card), codes: codes.slice(), chosen, seed, from: null, known: rows };
}

function defined({ amount, codebooks, rows }: Keep): Partial<Lineage> {
  return {
    ...(amount === undefined ? {} : { amount }),
    ...(codebooks === undefined ? {} : { codebooks }),
    ...(rows === undefined ? {} : { rows }),
  };
}
