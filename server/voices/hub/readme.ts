/** What a person reads first in a shared voice: README.md with the metadata that model hubs index, and LICENCES.md. */
import { printable } from '../../../protocol/index.ts';
import type { LicenceCount } from '../licences.ts';
import type { Voice } from '../voice.ts';

/** Identifiers of model hubs for a voice whose data is all under one of these. */
const HUB_LICENCES: Record<string, string> = {
  'CC0-1.0': 'cc0-1.0',
  MIT: 'mit',
  'CC-BY-3.0': 'cc-by-3.0',
  'CC-BY-4.0': 'cc-by-4.0',
  'Apache-2.0': 'apache-2.0',
};

export const README = 'README.md';
export const LICENCES = 'LICENCES.md';
export const SCORES = 'scores.json';
export const WEIGHTS = 'model.safetensors';

export function readmeOf(voice: Voice, licences: readonly LicenceCount[]): string {
  const { card, classes, rate, samples } = voice;
  const { scores } = card as { scores?: unknown };
  return `${frontMatter(voice, licences)}
# ${line(voice.name)}

A voice of foleyd, which makes Foley on demand: ${classes.map(({ name }) => line(name)).join(', ')}. A clip lasts ${(samples / rate).toFixed(2)} s, mono, at
${rate} Hz. Everything it makes is AI-generated, and each file that foleyd writes says so in its metadata.

\`\`\`sh
foleyd voice import FOLDER --as ${voice.id}    # this folder; verifies all hashes and generates a test clip first
foleyd generate ${JSON.stringify(line(classes[0]?.name ?? ''))} --voice ${voice.id}
\`\`\`

| file | |
|---|---|
| \`card.json\` | the voice's description: classes, grid, graphs with SHA-256, data, training, scores |
| \`*.onnx\` | the graphs that foleyd runs |
| \`${WEIGHTS}\` | the initialisers of these graphs, as \`GRAPH.NAME\`; foleyd does not read it |
${voice.models.length > 1 ? '| `base/` | the voice it was fine-tuned from, which still generates its own classes |\n' : ''}| \`credits.csv\` | every training recording with author, licence and source, where known |
| \`${SCORES}\` | measurements of the trainer, by stage |
| \`${LICENCES}\` | licences of the recordings |

## Scores

${scores === undefined ? 'The card has no scores.' : scoreTable(scores)}

## Data and licences

${licenceTable(licences)}
`;
}

function frontMatter(voice: Voice, licences: readonly LicenceCount[]): string {
  const [only] = licences;
  const known = licences.length === 1 && only !== undefined ? HUB_LICENCES[only.licence] : undefined;
  const licence =
    known === undefined
      ? { license: 'other', license_name: 'licences-of-the-recordings', license_link: LICENCES }
      : { license: known };
  // Strings as JSON has them are strings of YAML, whatever is in them.
  const about = {
    ...licence,
    library_name: 'foleyd',
    tags: ['audio', 'foley', 'sound-effects', 'onnx', 'safetensors'],
    ...modelIndex(voice),
    foleyd: {
      name: voice.name,
      version: voice.card.version,
      hash: voice.hash,
      rate: voice.rate,
      classes: voice.classes.map(({ name }) => name),
      licences: Object.fromEntries(licences.map(({ licence: name, recordings }) => [name, recordings])),
    },
  };
  const lines = Object.entries(about).map(([key, value]) => `${key}: ${yaml(value)}\n`);
  return `---\n${lines.join('')}---\n`;
}

/** The card's scores as model hubs index them: a result a stage, with its numbers. */
function modelIndex({ name, card }: Voice): Record<string, unknown> {
  const results = stagesOf((card as { scores?: unknown }).scores).map(([stage, values]) => ({
    task: { type: 'other', name: `class-conditional sound generation, ${stage}` },
    dataset: { type: 'other', name: 'recordings held out from training' },
    metrics: values.map(([measure, value]) => ({ type: measure, name: `${stage} ${measure}`, value })),
  }));
  return results.length === 0 ? {} : { 'model-index': [{ name, results }] };
}

/** Stages of a card's scores that have numbers, with these. */
function stagesOf(scores: unknown): [stage: string, values: [measure: string, value: number][]][] {
  if (typeof scores !== 'object' || scores === null) return [];
  return Object.entries(scores).flatMap(([stage, values]) => {
    if (typeof values !== 'object' || values === null) return [];
    const numbers = Object.entries(values).filter((one): one is [string, number] => typeof one[1] === 'number');
    return numbers.length === 0 ? [] : [[stage, numbers]];
  });
}

/** JSON is YAML but for its line separators, which JSON leaves as they are. */
function yaml(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function scoreTable(scores: unknown): string {
  const rows = stagesOf(scores).flatMap(([stage, values]) =>
    values.map(([name, value]) => `| ${cell(stage)} | ${cell(name)} | ${value} |`),
  );
  return ['| stage | measure | value |', '|---|---|---|', ...rows].join('\n');
}

function licenceTable(licences: readonly LicenceCount[]): string {
  if (licences.length === 0) return 'The card does not state the licences of the data.';
  const rows = licences.map(
    ({ licence, kind, recordings }) =>
      `| ${cell(licence)} | ${kind === 'other' ? 'not known to be permissive' : kind} | ${recordings ?? ''} |`,
  );
  return ['| licence | kind | clips |', '|---|---|---|', ...rows].join('\n');
}

/** The licences again, with the credits of the card. */
export function licencesFile(voice: Voice, licences: readonly LicenceCount[]): string {
  const credits = voice.models.flatMap(({ card }) => (card as { credits?: unknown }).credits ?? []);
  const rows = (credits as Record<string, unknown>[]).map(
    (one) =>
      `| ${['author', 'licence', 'source', 'recordings'].map((key) => cell(String(one?.[key] ?? ''))).join(' | ')} |`,
  );
  const table = ['| author | licence | source | recordings |', '|---|---|---|---|', ...rows].join('\n');
  const { license } = voice.card as { license?: unknown };
  return `# Licences

${typeof license === 'string' ? line(license) : 'The card states no licence of the weights.'}

${licenceTable(licences)}

## Credits

${rows.length === 0 ? 'The card has no credits.' : table}
`;
}

/** Text of a card in a line of Markdown. */
function line(text: string): string {
  return printable(text).replace(/[\\`*_[\]<>#]/g, '\\$&');
}

function cell(text: string): string {
  return line(text).replaceAll('|', '\\|');
}
