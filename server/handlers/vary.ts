import { randomInt } from 'node:crypto';
import { limits, ProtocolError } from '../../protocol/index.ts';
import type { Shape } from '../audio/edit.ts';
import type { ClipRecipe, Lineage } from '../clips/clip.ts';
import type { Context, Handler } from '../dispatch/dispatcher.ts';
import type { Encoder } from '../engine/process/encoder.ts';
import { type GenerationDeps, generateClips } from '../generation/clip-job.ts';
import { piecesFor, seedsFrom, type Take } from '../generation/clip-plan.ts';
import { type Grid, gridOf } from '../generation/code-grid.ts';
import { pieceSeed, piecesOf, secondsOf } from '../generation/continuation.ts';
import { checkCodes, keepMask, type MaskOptions } from '../generation/mask.ts';
import { readRecording } from '../generation/recording.ts';
import { keepOutside, type Stretch } from '../generation/stretch.ts';
import { aroundStretch, type HeardSound, heardClip, ownCourse, stretchOf } from '../generation/stretch-sound.ts';
import { guided, type VoiceClass, voiceClassOf } from '../generation/voice-class.ts';
import type { Voice } from '../voices/voice.ts';

export interface VaryDeps extends GenerationDeps {
  encoder: Encoder;
}

/** Codes to start from, and whose they are. */
interface Source {
  /** What the new part is made of. */
  voiceClass: VoiceClass;
  grid: Grid;
  /** Codes of each piece; more than one of a clip that is longer than the voice's. */
  pieces: Uint16Array[];
  /** Of the sounds the codes were made for, piece by piece; null for a recording. */
  seeds: number[] | null;
  from: string | null;
  /** Whether the codes are, or come from, those of a recording. */
  recording: boolean;
  /** How long a longer clip was. */
  shape: Pick<Shape, 'trim' | 'length' | 'exact'>;
  /** The sound as it is heard, where the codes are of one. */
  sound?: () => Promise<HeardSound>;
}

/** `foley.vary`. */
export function vary(deps: VaryDeps): Handler<'foley.vary'> {
  return async (context) => {
    const begun = performance.now();
    const source = await sourceOf(deps, context);
    const stretch = await (source.sound && stretchOf(context.args, source.sound, source.voiceClass.voice));
    const args = asLong({ ...context.args, ...(stretch && { rate: stretch.rate }) }, source);
    const keep: MaskOptions = { amount: args.amount, codebooks: args.codebooks, rows: args.keepRows };
    if (Object.values(keep).every((value) => value === undefined)) keep.amount = stretch === undefined ? 0.5 : 1;
    const seed = args.seed ?? randomInt(0, limits.drawnSeedMax + 1);
    const wanted = piecesFor(source.voiceClass.voice, args).count;
    const takes = seedsFrom(seed, args.count).map((one) => varied(source, keep, one, wanted, stretch));
    if (stretch !== undefined) args.envelope ??= await ownCourse(stretch, source.voiceClass);
    const plan = { ...source.voiceClass, args, begun, seed, takes };
    return generateClips(deps, context, stretch === undefined ? plan : { ...plan, stretch });
  };
}

/** One variation, of `wanted` pieces. */
function varied(
  { grid, pieces, seeds, from, recording }: Source,
  keep: MaskOptions,
  seed: number,
  wanted: number,
  stretch?: Stretch,
): Take {
  const maskOf = (piece: number): Uint8Array => {
    const mask = keepMask(grid, keep, pieceSeed(seed, piece));
    return stretch === undefined ? mask : keepOutside(mask, grid, piecesOf(grid, 0), piece, stretch);
  };
  const starts = pieces.slice(0, wanted).map((codes, piece) => ({ codes, given: maskOf(piece) }));
  const kept = starts.map(({ given }) => !given.includes(0));
  const lineage: Lineage = { how: 'varied', from, ...(recording && { recording }), ...defined(keep) };
  if (stretch !== undefined) lineage.stretch = { from: stretch.from, to: stretch.to };
  if (seeds === null || !kept.includes(true)) return { seed, starts, lineage };
  // A piece of which nothing is drawn anew is the same, and its noise too.
  const own = kept.map((same, piece) => (same ? seeds[piece]! : pieceSeed(seed, piece)));
  // With all of them the same, so is the clip.
  const again = wanted <= kept.length && !kept.includes(false);
  return { seed: again ? seeds[0]! : seed, seeds: own, starts, lineage };
}

/** `foley.branch`. */
export function branch(deps: VaryDeps): Handler<'foley.branch'> {
  return async (context) => {
    const begun = performance.now();
    const source =
      context.args.clip === undefined ? ofJob(deps, context.args) : await ofClip(deps, context.args.clip, context.args);
    const args = asLong(context.args, source);
    const { grid, pieces, known } = { known: source.grid.rows, ...source };
    const codes = pieces[0]!;
    const row = args.row ?? (args.clip === undefined ? known : Math.floor(grid.rows / 2));
    if (row > known) {
      const why =
        known === grid.rows ? `the clip has ${known} rows` : `only ${known} of ${grid.rows} rows have been sampled`;
      throw new ProtocolError('bad_args', `args.row: expected at most ${known}: ${why}`, { path: 'args.row' });
    }
    const given = new Uint8Array(codes.length).fill(1, 0, row * grid.perRow);
    const seed = args.seed ?? randomInt(0, limits.drawnSeedMax + 1);
    const lineage: Lineage = { how: 'branched', from: source.from, ...(source.recording && { recording: true }), row };
    const takes = seedsFrom(seed, args.count).map((one) => ({ seed: one, starts: [{ codes, given }], lineage }));
    return generateClips(deps, context, { ...source.voiceClass, args, begun, seed, takes });
  };
}

/** A clip that was longer than the voice's stays so unless another length is asked for. */
function asLong<A extends { trim?: number | undefined; length?: number | undefined; exact: boolean }>(
  args: A,
  { shape }: Source,
): A {
  return args.trim === undefined && args.length === undefined ? { ...args, ...shape } : args;
}

type Wish = Pick<Context<'foley.vary'>['args'], 'class' | 'guidance' | 'guideFollowed' | 'avoid'> & {
  voice?: string | undefined;
};

async function ofClip({ catalog, clips }: VaryDeps, id: string, wish: Wish): Promise<Source> {
  const clip = await clips.get(id);
  const { recipe } = clip;
  if (recipe === null || clip.codes === null) {
    throw new ProtocolError(
      'bad_args',
      `args.clip: clip ${id} was saved without its codes; send its sound as recording`,
      { path: 'args.clip' },
    );
  }
  const voice = await catalog.find(wish.voice ?? recipe.voiceId);
  if (voice.hash !== recipe.voice) {
    const message = `clip ${id} was made by voice ${recipe.voiceId} ${recipe.voice.slice(0, 12)}, not by ${voice.id} ${voice.hash.slice(0, 12)}; send its sound as recording, or use that voice`;
    throw new ProtocolError('wrong_voice', message, { path: 'args.clip' });
  }
  const grid = gridOf(voice.card);
  const pieces = piecesIn(grid, clip.codes).map((codes) => checkCodes(grid, codes, 'args.clip'));
  const seeds = pieces.map((_, piece) => clip.seeds?.[piece] ?? pieceSeed(recipe.seed, piece));
  const shape = pieces.length === 1 ? {} : lengthOf(clip.shape ?? {});
  const recording = clip.lineage?.recording === true;
  const voiceClass = voiceClassFor(voice, wish, madeBy(voice, recipe));
  const sound = async (): Promise<HeardSound> => heardClip(await clips.read(id), clip.shape ?? {});
  return { voiceClass, grid, pieces, seeds, from: id, recording, shape, sound };
}

function piecesIn<C extends Uint16Array | number[]>({ rows, perRow }: Grid, codes: C): C[] {
  const each = rows * perRow;
  const count = Math.max(1, Math.ceil(codes.length / each));
  return Array.from({ length: count }, (_, piece) => codes.slice(piece * each, (piece + 1) * each) as C);
}

function lengthOf({ trim, length, exact }: Shape): Source['shape'] {
  return {
    ...(trim === undefined ? {} : { trim }),
    ...(length === undefined ? {} : { length }),
    ...(exact === undefined ? {} : { exact }),
  };
}

function madeBy(
  voice: Voice,
  { class: label, classWeights, guidance = 0, guideFollowed = false, avoid, avoidWeights }: ClipRecipe,
): VoiceClass {
  const away = avoid === undefined || avoidWeights === undefined ? null : { label: avoid, weights: avoidWeights };
  return { voice, chosen: { label, weights: classWeights }, guidance, guideFollowed, avoid: away };
}

/** What is wished, and where no other class is, what the clip itself was made of: its guidance goes with its class. */
function voiceClassFor(voice: Voice, wish: Wish, own: VoiceClass): VoiceClass {
  if (wish.class !== undefined) return voiceClassOf(voice, { ...wish, class: wish.class });
  const { avoid, guidance = own.guidance, guideFollowed = own.guideFollowed } = wish;
  if (avoid === undefined) return { ...own, guidance, guideFollowed, avoid: guidance === 0 ? null : own.avoid };
  // That a clip was not guided says nothing of how strongly its variation avoids something.
  const least = guidance === 0 ? wish.guidance : guidance;
  return guided(voice, own.chosen, { guidance: least, guideFollowed, avoid });
}

function sourceOf(deps: VaryDeps, context: Context<'foley.vary'>): Promise<Source> {
  const { args } = context;
  if (args.clip !== undefined) return ofClip(deps, args.clip, args);
  return args.codes === undefined ? ofRecording(deps, context) : ofCodes(deps, args, args.codes);
}

async function ofCodes({ catalog }: VaryDeps, wish: Wish, codes: number[]): Promise<Source> {
  const voice = await catalog.find(wish.voice);
  const voiceClass = voiceClassOf(voice, { ...wish, class: wish.class! });
  const grid = gridOf(voice.card);
  const pieces = piecesIn(grid, codes).map((piece) => checkCodes(grid, piece, 'args.codes'));
  const shape = pieces.length === 1 ? {} : { length: secondsOf(grid, pieces.length), exact: true };
  return { voiceClass, grid, pieces, seeds: null, from: null, recording: false, shape };
}

async function ofRecording({ catalog, encoder }: VaryDeps, context: Context<'foley.vary'>): Promise<Source> {
  const { args, session, signal } = context;
  const voice = await catalog.find(args.voice);
  const voiceClass = voiceClassOf(voice, { ...args, class: args.class! });
  const grid = gridOf(voice.card);
  const { recordingRate: rate, recordingFormat: format } = args;
  const { pcm, rate: hertz } = readRecording({ data: args.recording!, rate, format });
  const part = aroundStretch(args, { pcm, rate: hertz }, voice);
  const codes = await encoder.encode(voice.dir, part.pcm, hertz, { client: session.client, signal });
  const sound = async (): Promise<HeardSound> => ({ base: pcm, rate: hertz, begin: -part.begin, shape: {} });
  return { voiceClass, grid, pieces: [codes], seeds: null, from: null, recording: true, shape: {}, sound };
}

/** A clip that is being made: as far as it is known now. */
function ofJob({ partials }: VaryDeps, args: Context<'foley.branch'>['args']): Source & { known: number } {
  const found = partials.find(args.job!, args.index);
  if (found === null) {
    const message = `job ${args.job!.slice(0, 40)} is not running, or its clip ${args.index} has not begun; job.list lists the open jobs`;
    throw new ProtocolError('unknown_job', message, { path: 'args.job' });
  }
  const { voice, codes, rows, recording } = found;
  return {
    voiceClass: voiceClassFor(voice, args, found),
    grid: gridOf(voice.card),
    pieces: [codes.slice()],
    seeds: null,
    from: null,
    recording,
    shape: {},
    known: rows,
  };
}

function defined({ amount, codebooks, rows }: MaskOptions): Partial<Lineage> {
  return {
    ...(amount === undefined ? {} : { amount }),
    ...(codebooks === undefined ? {} : { codebooks }),
    ...(rows === undefined ? {} : { rows }),
  };
}
