import { type ClassArg, ProtocolError, type Understood } from '../../protocol/index.ts';
import type { Voice } from '../voices/voice.ts';
import { type ResolvedClass, resolveClass, told } from './class-weights.ts';

/** A voice, what of it is wanted, and how strongly. */
export interface VoiceClass {
  voice: Voice;
  chosen: ResolvedClass;
  /** 0 is off. */
  guidance: number;
  /** Whether guidance strengthens what the clip follows. */
  guideFollowed: boolean;
  /** What the clip is led away from; null for no class in particular. */
  avoid: ResolvedClass | null;
}

export interface Wanted {
  guidance?: number | undefined;
  guideFollowed?: boolean | undefined;
  avoid?: ClassArg | undefined;
}

/** Guidance where only `avoid` asks for it, of a voice that is not guided by default. */
const DEFAULT_WITH_AVOID = 1;

/** What a request wants of a voice; `path` is the argument that names the class. Throws as `guided` does. */
export function voiceClassOf(voice: Voice, wanted: Wanted & { class: ClassArg }, path?: string): VoiceClass {
  return guided(voice, resolveClass(voice, wanted.class, path), wanted);
}

/** Fills in the voice's own guidance. Throws unknown_class, or bad_args for `avoid` without guidance. */
export function guided(voice: Voice, chosen: ResolvedClass, { guidance, guideFollowed, avoid }: Wanted): VoiceClass {
  const away = avoid === undefined ? null : resolveClass(voice, avoid, 'args.avoid');
  if (away !== null && guidance === 0) {
    const message = 'args.avoid: it has no effect at guidance 0; expected a guidance above 0, or none given';
    throw new ProtocolError('bad_args', message, { path: 'args.avoid' });
  }
  const usual = voice.modelFor({ classWeights: chosen.weights, ...weightsOf(away) });
  const own = guidance ?? usual.guidance;
  return {
    voice,
    chosen,
    guidance: own === 0 && away !== null ? DEFAULT_WITH_AVOID : own,
    guideFollowed: guideFollowed ?? usual.guideFollowed,
    avoid: away,
  };
}

/** The conditioning as the engine takes it. */
export function orderOf({ voice, chosen, guidance, guideFollowed, avoid }: VoiceClass): ReturnType<Voice['modelFor']> {
  return voice.modelFor({ classWeights: chosen.weights, guidance, guideFollowed, ...weightsOf(avoid) });
}

/** What an answer says of the names that were given for it, if any is no class's. */
export function understoodOf({ chosen, avoid }: Pick<VoiceClass, 'chosen' | 'avoid'>): { understood?: Understood[] } {
  return told([...(chosen.understood ?? []), ...(avoid?.understood ?? [])]);
}

/** The model of a voice with this folder: the voice itself, or one of its base models. */
export function modelOf(voice: Voice, voiceDir: string): Pick<Voice, 'card'> {
  return voice.models.find(({ dir }) => dir === voiceDir) ?? voice;
}

function weightsOf(avoid: ResolvedClass | null): { avoid?: number[] } {
  return avoid === null ? {} : { avoid: avoid.weights };
}
