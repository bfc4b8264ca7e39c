/** What a delivered file says of itself, in each place where programs look for it. */
import type { FileSettings } from '../../protocol/index.ts';
import { writeBext } from '../audio/bext.ts';
import { writeIxml } from '../audio/ixml.ts';
import { type Loop, type Mark, writeCues, writeLoop } from '../audio/marks.ts';
import {
  historyOf,
  historyText,
  ixmlFacts,
  keywordOf,
  type Provenance,
  provenanceOf,
  vorbisFacts,
  xmpChunk,
} from '../audio/provenance.ts';
import { readRecipe, writeRecipe } from '../audio/recipe.ts';
import { infoList } from '../audio/wav.ts';
import type { XmlTree } from '../audio/xml.ts';
import type { Normalised } from './normalise.ts';
import { categoryOf, cleanParts, type NameParts } from './ucs.ts';

export interface FileFacts {
  /** Clip id. */
  clip: string;
  /** As people read it. */
  title: string;
  /** Milliseconds since 1970. */
  created: number;
  seed: number | null;
  /** Parts of the file's name. */
  name: NameParts;
  /** Program and version. */
  software: string;
  settings: FileSettings;
  /** Hz of the clip itself. */
  sourceRate: number;
  /** The clip's own, which has its recipe. */
  comment: string | undefined;
}

export interface FileMetadata {
  bext: Uint8Array;
  /** What follows the format: LIST INFO, iXML, marks, loop. */
  chunks: Uint8Array[];
  /** For a FLAC. */
  comments: (readonly [name: string, value: string])[];
}

interface Given {
  facts: FileFacts;
  levels: Pick<Normalised, 'loudness' | 'truePeak' | 'gain'>;
  /** Frame, or null. */
  onset: number | null;
  loop: Loop | null;
}

export function metadataOf({ facts, levels, onset, loop }: Given): FileMetadata {
  const { settings, clip, title, created, software } = facts;
  const { rate } = settings;
  const parts = cleanParts(facts.name);
  const comment = commentOf(facts, levels.gain);
  const made = provenanceOf(comment);
  const [date] = new Date(created).toISOString().split('T') as [string];
  const { category, subCategory } = categoryOf(parts.catId);
  const keywords = [category, subCategory, title, made === null ? undefined : keywordOf(made)]
    .filter((word) => word !== undefined)
    .join('; ');
  const info = infoList([
    ['INAM', title],
    ['IART', parts.creatorId],
    ['ICRD', date],
    ['IGNR', category],
    ['IKEY', keywords],
    ['IPRD', parts.sourceId],
    ['ISFT', software],
    ['ICMT', comment],
  ]);
  const marks: Mark[] = onset === null ? [] : [{ at: onset, name: 'onset' }];
  const description = `${title}: ${parts.catId}, ${made?.statement ?? 'of unknown origin'}`;
  return {
    bext: writeBext({
      description,
      originator: software,
      originatorReference: referenceOf(clip),
      when: created,
      timeReference: settings.timeReference,
      loudness: levels.loudness,
      truePeak: levels.truePeak,
      codingHistory: codingHistory(facts, made),
    }),
    chunks: [
      ...(info === null ? [] : [info]),
      ...(made === null ? [] : [xmpChunk(made, software, title)]),
      writeIxml(ixml(facts, parts, description, levels, loop, made)),
      ...writeCues(marks),
      ...(loop === null ? [] : [writeLoop(loop, rate)]),
    ],
    comments: [
      ['TITLE', title],
      ['ARTIST', parts.creatorId],
      ['ALBUM', parts.sourceId],
      ['DATE', date],
      ...(category === undefined ? [] : [['GENRE', category] as const]),
      ['DESCRIPTION', description],
      ['ENCODER', software],
      ...(comment === undefined ? [] : [['FOLEYD', comment] as const]),
      ...(made === null ? [] : vorbisFacts(made)),
    ],
  };
}

/** Of one clip only, as bext and iXML want it. */
const referenceOf = (clip: string): string => `FLYD${clip.toUpperCase()}`;

/** The clip's recipe, as `generate --like` reads it, with what was done to it since. */
function commentOf({ comment, settings }: FileFacts, gain: number): string | undefined {
  const recipe = comment === undefined ? null : readRecipe(comment);
  if (recipe === null) return comment;
  const { format, bits, rate, channels, pan, loop, trim, length, exact, reverse, fadeIn, fadeOut } = settings;
  const done = { trim, length, exact: exact || undefined, reverse: reverse || undefined, fadeIn, fadeOut };
  const { at, lead, timeReference } = settings;
  const placed =
    at === undefined
      ? {}
      : { at, lead, timeReference: timeReference - Math.round(at * rate) + Math.round(lead * rate) };
  const delivery = { format, bits, rate, channels, pan, gain, loop, ...done, ...placed };
  return writeRecipe({ ...recipe, delivery });
}

/** EBU R98: what made the sound, then what became of it. */
function codingHistory({ software, settings, sourceRate }: FileFacts, made: Provenance | null): string[] {
  const { rate, bits, channels, format } = settings;
  return [
    `A=PCM,F=${sourceRate},W=32,M=mono,T=${historyText([software, ...(made === null ? [] : historyOf(made))])}`,
    `A=PCM,F=${rate},W=${bits},M=${channels === 1 ? 'mono' : 'stereo'},T=${historyText([software, format])}`,
  ];
}

function ixml(
  { settings, clip, software, created, title }: FileFacts,
  parts: NameParts,
  description: string,
  { loudness, truePeak }: Given['levels'],
  loop: Loop | null,
  made: Provenance | null,
): XmlTree {
  const { rate, bits, channels, timeReference, project, scene, take } = settings;
  const [high, low] = [Math.floor(timeReference / 2 ** 32), timeReference % 2 ** 32];
  const [date, time] = new Date(created).toISOString().split('T') as [string, string];
  const names = channels === 1 ? ['mono'] : ['L', 'R'];
  const round = (value: number | null): string | undefined => value?.toFixed(2);
  const track = (name: string, i: number): XmlTree[number] => [
    'TRACK',
    [
      ['CHANNEL_INDEX', i + 1],
      ['INTERLEAVE_INDEX', i + 1],
      ['NAME', name],
    ],
  ];
  return [
    ['PROJECT', project ?? parts.sourceId],
    ['SCENE', scene],
    ['TAKE', take],
    ['FILE_UID', referenceOf(clip)],
    ['NOTE', title],
    [
      'SPEED',
      [
        ['FILE_SAMPLE_RATE', rate],
        ['AUDIO_BIT_DEPTH', bits],
        ['DIGITIZER_SAMPLE_RATE', rate],
        ['TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI', high],
        ['TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO', low],
        ['TIMESTAMP_SAMPLE_RATE', rate],
      ],
    ],
    ['TRACK_LIST', [['TRACK_COUNT', channels], ...names.map(track)]],
    [
      'BEXT',
      [
        ['BWF_DESCRIPTION', description],
        ['BWF_ORIGINATOR', software],
        ['BWF_ORIGINATOR_REFERENCE', referenceOf(clip)],
        ['BWF_ORIGINATION_DATE', date],
        ['BWF_ORIGINATION_TIME', time.slice(0, 8)],
        ['BWF_TIME_REFERENCE_LOW', low],
        ['BWF_TIME_REFERENCE_HIGH', high],
      ],
    ],
    [
      'ASWG',
      [
        ['contentType', 'sfx'],
        ['project', project],
        ['originator', parts.creatorId],
        ['channelConfig', channels === 1 ? 'mono' : 'stereo'],
        ['isDesigned', 'true'],
        ...Object.entries(categoryOf(parts.catId)),
        ['catId', parts.catId],
        ['fxName', parts.fxName],
        ['creatorId', parts.creatorId],
        ['sourceId', parts.sourceId],
        ['userData', parts.userData],
        ['loudness', round(loudness.integrated)],
        ['loudnessRange', round(loudness.range)],
        ['maxPeak', round(truePeak)],
        ['isLoop', String(loop !== null)],
      ],
    ],
    ...(made === null ? [] : [ixmlFacts(made)]),
  ];
}
