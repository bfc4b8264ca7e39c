/**
 * What an audio file states of its origin: that a model generated it, by the IPTC's vocabulary of digital source types,
 * in each place where programs look. Everything that writes audio files takes it from here.
 */
import { writeBext } from './bext.ts';
import { readFlacBlocks, readFlacComments } from './flac-blocks.ts';

import { writeIxml } from './ixml.ts';
import { type Recipe, readRecipe } from './recipe.ts';
import { chunk, chunksOf, isWave, tag } from './riff.ts';
import { DIGITAL_SOURCE_TYPES, type SourceType, sourceTypeOf } from './source-type.ts';
import { element, type XmlTree } from './xml.ts';

export interface Provenance {
  sourceType: SourceType;
  /** Concept URI. */
  uri: string;
  /** One sentence for people. */
  statement: string;
  recipe: Recipe;
}

/** Of a file whose comment is a recipe; null of a sound that foleyd did not make. */
export function provenanceOf(comment: string | undefined): Provenance | null {
  const recipe = comment === undefined ? null : readRecipe(comment);
  if (recipe === null) return null;
  const sourceType = sourceTypeOf(recipe);
  const verb = sourceType === 'trainedAlgorithmicMedia' ? 'AI-generated' : 'AI-edited from a recording';
  const statement = `${verb} by voice ${recipe.voiceId} with seed ${recipe.seed}`;
  return { sourceType, uri: DIGITAL_SOURCE_TYPES + sourceType, statement, recipe };
}

/** The class of a recipe, or its mix, as text. */
export function labelOf({ class: label }: Recipe): string {
  if (typeof label === 'string') return label;
  return Object.entries(label)
    .map(([name, weight]) => `${name} ${Number(weight.toFixed(2))}`)
    .join(' + ');
}

/** WAV chunks that precede the samples of an undelivered clip; none for a sound that foleyd did not generate. */
export function originChunks(
  { comment, software = 'foleyd' }: { comment?: string; software?: string },
  sound: string,
): { bext: Uint8Array[]; chunks: Uint8Array[]; keywords: string | undefined } {
  const made = provenanceOf(comment);
  if (made === null) return { bext: [], chunks: [], keywords: undefined };
  const bext = writeBext({
    description: `${labelOf(made.recipe)}: ${made.statement}`,
    originator: software,
    originatorReference: '',
    when: null,
    timeReference: 0,
    loudness: { integrated: null, range: null, momentary: null, shortTerm: null },
    truePeak: null,
    codingHistory: [`A=PCM,${sound},M=mono,T=${historyText([software, ...historyOf(made)])}`],
  });
  return {
    bext: [bext],
    chunks: [xmpChunk(made, software), writeIxml([['NOTE', made.statement], ixmlFacts(made)])],
    keywords: keywordOf(made),
  };
}

/** Free text of a line of the coding history (EBU R98): without commas, and kept short. */
export function historyText(parts: readonly string[]): string {
  return parts
    .join('; ')
    .replace(/[,\r\n]/g, ' ')
    .slice(0, 300);
}

/** XMP as a WAV carries it (XMP specification, part 3: chunk `_PMX`). */
export function xmpChunk({ uri, statement, recipe }: Provenance, software: string, title?: string): Uint8Array {
  const [program, version] = software.split(' ') as [string, string | undefined];
  const text = (name: string, value: string): XmlTree[number] => [
    name,
    [['rdf:Alt', [['rdf:li xml:lang="x-default"', value]]]],
  ];
  const facts: XmlTree = [
    ['Iptc4xmpExt:DigitalSourceType', uri],
    ['Iptc4xmpExt:AISystemUsed', `${program} voice ${recipe.voiceId}`],
    ['Iptc4xmpExt:AISystemVersionUsed', `${version ?? 'unknown'} ${recipe.voice}`],
    ['xmp:CreatorTool', software],
    text('dc:title', title ?? labelOf(recipe)),
    text('dc:description', statement),
  ];
  const spaces = [
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"',
    'xmlns:xmp="http://ns.adobe.com/xap/1.0/"',
    'xmlns:dc="http://purl.org/dc/elements/1.1/"',
  ].join(' ');
  const tree: XmlTree = [
    [
      'rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"',
      [[`rdf:Description rdf:about="" ${spaces}`, facts]],
    ],
  ];
  const packet = `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n${element('x:xmpmeta xmlns:x="adobe:ns:meta/"', tree)}<?xpacket end="r"?>`;
  return chunk('_PMX', new TextEncoder().encode(packet));
}

/** For iXML: no field of its specification says so, and USER holds what has none. */
export function ixmlFacts({ uri, statement }: Provenance): XmlTree[number] {
  return [
    'USER',
    [
      ['DIGITALSOURCETYPE', uri],
      ['DESCRIPTION', statement],
    ],
  ];
}

/** For the coding history of bext: what made the sound. */
export function historyOf({ uri, recipe }: Provenance): string[] {
  return [
    `digitalSourceType=${uri}`,
    `voice=${recipe.voice}`,
    `seed=${recipe.seed}`,
    ...(['temperature', 'topK', 'topP'] as const).map((name) => `${name}=${recipe[name]}`),
    ...(recipe.guidance === undefined || recipe.guidance === 0 ? [] : [`guidance=${recipe.guidance}`]),
    ...(recipe.lineage === undefined ? [] : [recipe.lineage.how]),
  ];
}

/** For a FLAC. */
export function vorbisFacts({ uri, statement }: Provenance): (readonly [name: string, value: string])[] {
  return [
    ['DIGITALSOURCETYPE', uri],
    ['COMMENT', statement],
  ];
}

/** Keywords by which libraries find such sounds. */
export const keywordOf = ({ sourceType }: Provenance): string =>
  sourceType === 'trainedAlgorithmicMedia' ? 'AI-generated' : 'AI-edited';

/** Where a file can state its source type, as people call the places. */
const PLACES: Readonly<Record<string, string>> = { _PMX: 'XMP', iXML: 'iXML', LIST: 'LIST INFO', bext: 'bext' };

/** The source types that a WAV or FLAC states, by the place that states them. */
export function statedSourceTypes(bytes: Uint8Array): Map<string, string> {
  const found = new Map<string, string>();
  const look = (place: string, text: string): void => {
    const [, name] = /http:\/\/cv\.iptc\.org\/newscodes\/digitalsourcetype\/([A-Za-z]+)/.exec(text) ?? [];
    if (name !== undefined && !found.has(place)) found.set(place, name);
  };
  const lookAt = (id: string, body: Uint8Array): void => {
    const place = PLACES[id];
    if (place !== undefined) look(place, new TextDecoder().decode(body));
  };
  if (isWave(bytes)) {
    for (const { id, at, size } of chunksOf(bytes, 12)) lookAt(id, bytes.subarray(at, at + size));
    return found;
  }
  for (const value of readFlacComments(bytes)?.values() ?? []) look('Vorbis comment', value);
  // A chunk of the WAV that it stands for, whole.
  for (const { type, body } of readFlacBlocks(bytes))
    if (type === 2 && tag(body, 0) === 'riff') lookAt(tag(body, 4), body.subarray(12));
  return found;
}
