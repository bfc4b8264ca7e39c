import { ProtocolError } from '../../protocol/index.ts';
import type { EndlessChange } from '../engine/engine.ts';
import { courseOf, secondsOf } from './envelope.ts';
import { checkDensity } from './followed.ts';
import type { Changed, SetArgs, Stream, Wanted } from './stream.ts';
import { orderOf, understoodOf, voiceClassOf } from './voice-class.ts';

/**
 * The change as the engine takes it, with an envelope spelled out. Classes of another of the voice's models have other codes,
 * so they need a new stream.
 */
export function changeOf(stream: Stream, change: SetArgs, at: string): EndlessChange {
  const { class: what, avoid, guidance, temperature, level, density, envelope } = change;
  const order: EndlessChange = {
    ...(temperature === undefined ? {} : { temperature }),
    ...(level === undefined ? {} : { level }),
    ...(density === undefined ? {} : { density: density === 0 ? null : density }),
    ...(envelope === undefined ? {} : { levels: courseOf(envelope, stream.first.voice) }),
  };
  const label: Partial<Changed> = {
    ...(temperature === undefined ? {} : { temperature }),
    ...(density === undefined ? {} : { density }),
    ...(envelope === undefined ? {} : { envelope }),
  };
  checkDensity(stream.first.voice, orderOf(stream.first), { density, envelope }, `${at}.density`);
  if (what !== undefined || avoid !== undefined || guidance !== undefined) {
    const { voice } = stream.first;
    const wanted: Wanted = {
      class: what ?? stream.wanted.class,
      avoid: avoid ?? stream.wanted.avoid,
      guidance: guidance ?? stream.wanted.guidance,
    };
    const voiceClass = voiceClassOf(voice, wanted, `${at}.class`);
    const next = orderOf(voiceClass);
    if (next.voiceDir !== stream.voiceDir) {
      const message = `${at}.class: another model of voice ${voice.id} makes it, which cannot go on from this one; expected a class of the same model, or another stream`;
      throw new ProtocolError('bad_args', message, { path: `${at}.class` });
    }
    stream.wanted = wanted;
    Object.assign(order, { classWeights: next.classWeights, guidance: next.guidance, avoid: next.avoid ?? null });
    Object.assign(label, { class: voiceClass.chosen.label, guidance: next.guidance });
    Object.assign(label, understoodOf(voiceClass));
    if (voiceClass.avoid !== null) label.avoid = voiceClass.avoid.label;
  }
  return Object.keys(label).length === 0 ? order : { ...order, label };
}

/** Numbers, and seconds, of an envelope that are as much to remember as one other change. */
const NUMBERS = 32;
const SECONDS = 4;
/** About as many levels as mel frames a second. */
const PER_SECOND = 86;

/** What a change counts of those that a stream may have. */
export function costOf({ envelope }: SetArgs): number {
  if (envelope === undefined) return 1;
  const { levels = [], points = [], cues = [] } = envelope;
  const numbers = levels.length + 2 * points.length + 3 * cues.length;
  return 1 + Math.floor(Math.max(numbers / NUMBERS, secondsOf(envelope, PER_SECOND) / SECONDS));
}
