/** The stem of a batch: the sum of all files that lie on a timeline, from the beginning of the first to the end of the last. */
import type { FileSettings } from '../../protocol/index.ts';
import { writeBext } from '../audio/bext.ts';
import { writeIxml } from '../audio/ixml.ts';
import { type Mark, writeCues } from '../audio/marks.ts';
import { historyText, ixmlFacts, keywordOf, type Provenance, xmpChunk } from '../audio/provenance.ts';
import { quantise } from '../audio/quantise.ts';
import { infoList, packWav, wavFormat } from '../audio/wav.ts';
import { normalise, panGains } from './normalise.ts';

export interface StemFacts {
  title: string;
  /** Program and version. */
  software: string;
  /** Milliseconds since 1970. */
  created: number;
  /** Samples since midnight. */
  timeReference: number;
  clips: number;
  /** Of the first clip, stated of all; null of sounds that foleyd did not make. */
  made: Provenance | null;
  marks: Mark[];
}

export interface RenderedStem {
  bytes: Uint8Array;
  seconds: number;
  /** dB by which the sum was lowered. */
  gain: number;
}

/** @param pcm mono, at the rate of the settings */
export function renderStem(pcm: Float32Array, facts: StemFacts, settings: Omit<FileSettings, 'at'>): RenderedStem {
  const { rate, bits, channels, pan, peak, project, scene, source } = settings;
  const { title, software, created, timeReference, clips, made, marks } = facts;
  const factors = channels === 1 ? [1] : panGains(pan);
  const levelled = normalise(pcm, rate, Math.max(...factors), { peak, gain: 0 });
  const interleaved = new Float32Array(pcm.length * factors.length);
  for (let i = 0; i < pcm.length; i++)
    for (const [channel, factor] of factors.entries())
      interleaved[i * factors.length + channel] = levelled.pcm[i]! * factor;
  const layout = { rate, channels, bits };
  const description = `${title}: ${clips} clips, ${made?.statement ?? 'of unknown origin'}`;
  const info = infoList([
    ['INAM', title],
    ['ICRD', new Date(created).toISOString().slice(0, 10)],
    ['IKEY', made === null ? undefined : keywordOf(made)],
    ['ISFT', software],
  ]);
  const sourceType = made === null ? [] : [`digitalSourceType=${made.uri}`];
  const bext = writeBext({
    description,
    originator: software,
    originatorReference: '',
    when: created,
    timeReference,
    loudness: levelled.loudness,
    truePeak: levelled.truePeak,
    codingHistory: [
      `A=PCM,F=${rate},W=${bits},M=${channels === 1 ? 'mono' : 'stereo'},T=${historyText([software, ...sourceType])}`,
    ],
  });
  const ixml = writeIxml([
    ['PROJECT', project ?? source],
    ['SCENE', scene],
    ['NOTE', title],
    ...(made === null ? [] : [ixmlFacts(made)]),
  ]);
  const samples = bits === 32 ? interleaved : quantise(interleaved, bits, bits === 16 ? 0 : null);
  const bytes = packWav(samples, layout, [
    bext,
    ...wavFormat(layout, pcm.length),
    ...(info === null ? [] : [info]),
    ...(made === null ? [] : [xmpChunk(made, software, title)]),
    ixml,
    ...writeCues(marks),
  ]);
  return { bytes, seconds: pcm.length / rate, gain: levelled.gain };
}
