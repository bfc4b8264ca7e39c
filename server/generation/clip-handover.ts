import type { EventData } from '../../protocol/index.ts';
import { shapeSound } from '../audio/edit.ts';
import type { ClipRecipe, Clips, NewClip } from '../clips/clip.ts';
import { newId } from '../util/new-id.ts';
import { ClipAudio } from './clip-audio.ts';
import { type ClipPieces, codesOf, type Piece, type Result, seedOf } from './clip-pieces.ts';
import { type ClipArgs, type ClipPlan, shapeOf, voiceClassesOf } from './clip-plan.ts';
import type { GenerationContext } from './context.ts';
import { joinPieces } from './continuation.ts';
import { spliced } from './stretch.ts';
import type { VoiceClass } from './voice-class.ts';

type Done = EventData<'foley.generate', 'done'>;

/** Hands finished clips over: shaped, sent, saved. */
export class ClipHandover {
  /** Those of an earlier run, and those handed over, as `done` tells them. */
  readonly clips: Done['clips'] = [];
  /** Length of the latest. */
  seconds = 0;
  readonly audio: ClipAudio;
  readonly #store: Clips;
  readonly #plan: ClipPlan;
  readonly #voiceClasses: readonly VoiceClass[];
  readonly #shape: ReturnType<typeof shapeOf>;
  readonly #pieces: Pick<ClipPieces, 'pieces' | 'plain'>;

  constructor(store: Clips, context: GenerationContext, plan: ClipPlan, pieces: Pick<ClipPieces, 'pieces' | 'plain'>) {
    this.#store = store;
    this.#plan = plan;
    this.#voiceClasses = voiceClassesOf(plan);
    this.#shape = plan.stretch?.shape ?? shapeOf(plan.args);
    this.#pieces = pieces;
    this.audio = new ClipAudio(context, plan.args.format);
    for (const [index, { seconds, ...clip }] of plan.made ?? []) {
      this.clips.push({ index, ...clip });
      this.seconds = seconds;
    }
  }

  /** Its id. */
  async clip({ take: index, starts, seed }: Piece, results: readonly Result[], score?: number): Promise<string> {
    const { args, candidates = 1, origin } = this.#plan;
    const take = { ...this.#plan.takes[index]!, seed };
    const voiceClass = this.#voiceClasses[index]!;
    const rate = args.rate ?? voiceClass.voice.rate;
    const pcm = this.#sound(results, rate);
    this.seconds = pcm.length / rate;
    if (args.audio) await this.audio.rest({ index, rate, pcm });
    const told = { index, seed, ...(score === undefined ? {} : { score }) };
    if (!args.save) {
      const clip = newId();
      this.clips.push({ ...told, clip });
      return clip;
    }
    const chosen = score === undefined ? {} : { chosen: { of: candidates, score } };
    const saved = await this.#store.save({
      pcm,
      rate,
      format: args.format,
      recipe: { ...recipeOf(voiceClass, args, rate), seed, ...chosen },
      ...codesOf(results, starts),
      ...(take.seeds === undefined ? {} : { seeds: results.map((_, piece) => seedOf(take, piece)) }),
      ...(take.lineage === undefined ? {} : { lineage: take.lineage }),
      ...(this.#pieces.plain ? {} : { shape: this.#shape }),
      ...(origin === undefined ? {} : { origin: { job: origin.job, index: origin.first + index } }),
      ...makersOf(results),
    });
    this.clips.push({ ...told, clip: saved.id, url: `/clips/${saved.id}.wav`, path: saved.path });
    return saved.id;
  }

  #sound(results: readonly Result[], rate: number): Float32Array {
    const sounds = results.map(({ pcm }) => pcm);
    const { plain, pieces } = this.#pieces;
    const { stretch } = this.#plan;
    if (stretch !== undefined) return spliced(stretch, joinPieces(pieces, sounds, rate));
    return plain ? sounds[0]! : shapeSound(joinPieces(pieces, sounds, rate), rate, this.#shape);
  }
}

/** Not in the recipe, which travels in the WAV: a clip's file is the same wherever it was made. */
function makersOf(results: readonly Result[]): Pick<NewClip, 'makers'> {
  const makers = results.flatMap(({ maker }) => maker ?? []);
  const each = new Map(makers.map((maker) => [JSON.stringify(maker), maker]));
  return each.size === 0 ? {} : { makers: [...each.values()] };
}

function recipeOf(
  { voice, chosen, guidance, guideFollowed, avoid }: VoiceClass,
  args: ClipArgs,
  rate: number,
): Omit<ClipRecipe, 'seed'> {
  const { temperature, topK, topP, envelope, spectrum, density = 0 } = args;
  return {
    voice: voice.hash,
    voiceId: voice.id,
    class: chosen.label,
    classWeights: chosen.weights,
    temperature,
    topK,
    topP,
    guidance,
    ...(guideFollowed ? { guideFollowed } : {}),
    rate,
    ...(envelope === undefined ? {} : { envelope }),
    ...(spectrum === undefined ? {} : { spectrum }),
    ...(density === 0 ? {} : { density }),
    ...(avoid === null ? {} : { avoid: avoid.label, avoidWeights: avoid.weights }),
  };
}
