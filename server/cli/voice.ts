import { classFromText, type EventData } from '../../protocol/index.ts';
import { columns, figure } from './columns.ts';
import { CliError, exits } from './errors.ts';
import { folderOf, writeClip } from './files.ts';
import { openSession, type SessionChoice } from './open-session.ts';
import type { Session } from './session.ts';
import { restorable } from './trash.ts';
import { tellUnderstood } from './understood.ts';
import { createView } from './view.ts';

type Options = SessionChoice & { json?: boolean };
type Done = EventData<'voice.compare', 'done'>;

export interface CompareOptions extends Options {
  class?: string;
  seed?: string;
  count?: number;
  temperature?: number;
  guidance?: number;
  out?: string;
}

/** `foleyd voice delete ID`. */
export async function deleteVoice(voice: string, options: Options & { force?: boolean }): Promise<number> {
  const session = await openSession(options);
  try {
    const done = await session.call('voice.delete', { voice, force: options.force === true });
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify(done)}\n`
        : `deleted voice ${done.deleted}${restorable(voice, done.until)}\n`,
    );
    return exits.ok;
  } finally {
    await session.close();
  }
}

/** One voice is compared with the active one. Throws usage where that is the same. */
async function withActive(session: Session, given: string[]): Promise<string[]> {
  if (given.length !== 1) return given;
  const { voices } = await session.call('voice.list', {});
  const active = voices.find((voice) => voice.active)?.id;
  if (active !== undefined && active !== given[0]) return [...given, active];
  throw new CliError('usage', `${given[0]} is the active voice: name another one to compare it with`);
}

/** `foleyd voice compare A B`: a table of what is known of them and, with a class, a WAV by each. */
export async function compareVoices(given: string[], options: CompareOptions): Promise<number> {
  const { class: wanted, seed, count, temperature, guidance, json } = options;
  const target = { kind: 'folder', folder: await folderOf(options.out) } as const;
  const session = await openSession({ ...options, makesFiles: true });
  const voices = await withActive(session, given).catch(async (error: unknown) => {
    await session.close();
    throw error;
  });
  // Voices may have grids of different sizes: a bar says enough.
  const view = json === true ? null : createView(process.stderr, { ...process.env, NO_COLOR: '1' });
  try {
    const what = wanted === undefined ? undefined : classFromText(wanted);
    const given = { class: what, seed, count, temperature, guidance };
    const args = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    let label = wanted ?? '';
    const done = await session.call('voice.compare', { voices, ...args, audio: false, save: true }, (event, data) => {
      if (event === 'accepted') {
        const accepted = data as EventData<'voice.compare', 'accepted'>;
        label = typeof accepted.class === 'string' ? accepted.class : Object.keys(accepted.class).join('+');
        if (view) tellUnderstood(accepted);
        view?.accepted({ class: label, seed: accepted.seed, voice: voices.join(', '), count: accepted.count });
      } else if (event === 'row') {
        const { index, row, rows, codes } = data as EventData<'voice.compare', 'row'>;
        view?.row(index, row, rows, codes);
      }
    });
    view?.end();
    const files: string[] = [];
    for (const clip of done.clips) {
      const named = { class: `${clip.voice}-${label}`, seed: clip.seed };
      files.push(await writeClip(target, named, done.clips.length, await session.clip(clip)));
    }
    process.stdout.write(json === true ? `${JSON.stringify({ ...done, files })}\n` : table(done));
    if (json !== true) for (const file of files) process.stdout.write(`${file}\n`);
    return exits.ok;
  } finally {
    view?.end();
    await session.close();
  }
}

/** A card may come from anywhere; its text must not steer the terminal. */
const plain = (text: string | null): string => (text ?? '-').replace(/\p{Cc}/gu, ' ').slice(0, 60);

/** A column per voice; FAD class by class below what their cards say. */
function table({ voices, alike }: Done): string {
  const line = (head: string, of: (voice: Done['voices'][number]) => string): string[] => [head, ...voices.map(of)];
  const classes = [...new Set(voices.flatMap((one) => one.classes))];
  const rows = [
    line('voice', (one) => `${one.voice}${one.active ? ' *' : ''}`),
    line('name', ({ name }) => plain(name)),
    line('hash', ({ hash }) => hash.slice(0, 12)),
    line('preset', ({ preset }) => plain(preset)),
    line('made', ({ created }) => plain(created).slice(0, 16)),
    line('from', ({ base }) => plain(base)),
    line('clips', ({ rate, seconds }) => `${seconds.toFixed(2)} s, ${rate} Hz`),
    line('size', ({ bytes }) => `${(bytes / 2 ** 20).toFixed(1)} MiB`),
    line('training', ({ training }) => {
      const all = Object.entries(training).map(
        ([stage, { steps, minutes }]) => `${stage} ${minutes ?? '?'} min ${steps ?? '?'} steps`,
      );
      return all.length === 0 ? '-' : plain(all.join(', '));
    }),
    line('FAD', ({ measured }) => (measured === null ? 'not measured' : figure(measured.average))),
    ...classes.map((label) =>
      line(`  ${plain(label)}`, ({ measured, data, classes: own }) => {
        if (!own.includes(label)) return '';
        const learned = data?.[label]?.train;
        const fad = figure(measured?.classes[label]?.fad ?? null);
        return `${fad}${learned === undefined ? '' : ` (${learned} clips learned)`}`;
      }),
    ),
  ];
  const note =
    alike || voices.every(({ measured }) => measured === null)
      ? ''
      : 'not all were measured in the same way, so their FADs cannot be compared; foleyd fad measures a voice\n';
  return `${columns(rows)}${note}`;
}
