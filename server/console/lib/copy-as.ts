import type { ArgsInput, EventData } from '../../../protocol/commands/index.ts';
import { mixText } from '../../../protocol/mix-text.ts';
import { argsOfRecipe } from '../../../protocol/recipe.ts';

export type Details = EventData<'clip.get', 'done'>['clip'];

/** The languages a request can be copied in. */
export const languages = ['curl', 'OSC', 'Python', 'JavaScript', 'SuperCollider'] as const;
export type Language = (typeof languages)[number];

/** What `foley.generate` does where it is not told otherwise. */
const DEFAULTS: Record<string, unknown> = { temperature: 1, topK: 0, topP: 1, guideFollowed: false };

/** Arguments of `foley.generate` that make a clip again, or why there are none. */
export function argsOf({
  recipe,
  lineage,
  shape,
}: Details): Record<string, unknown> | 'lineage' | 'stream' | 'unknown' {
  if (recipe === null) return 'unknown';
  if (lineage !== null) return 'lineage';
  // Here, other than in a file, what was done to the sound stands beside the recipe.
  const args = argsOfRecipe({ ...recipe, shape });
  if (typeof args === 'string') return args;
  const told = Object.entries({ ...args, voice: recipe.voiceId }).filter(([name, value]) => DEFAULTS[name] !== value);
  return Object.fromEntries(told);
}

/**
 * A request as a line or a few of a language, `host` as in `127.0.0.1:9247`; null where OSC, which has one word for each
 * argument, cannot say it.
 */
export function requestAs(
  language: Language,
  args: Record<string, unknown>,
  host: string,
  oscPort: number,
): string | null {
  const json = JSON.stringify(args);
  const { hostname } = new URL(`http://${host}`);
  switch (language) {
    case 'curl':
      return `curl -s -d '${json.replaceAll("'", "'\\''")}' http://${host}/v1/foley.generate`;
    case 'OSC': {
      const { class: of, seed, ...more } = args;
      const words = oscWords(more);
      if (words === null) return null;
      const types = words.map((word) => (typeof word === 'string' ? 's' : Number.isInteger(word) ? 'i' : 'f')).join('');
      const values = words.map((word) => (typeof word === 'string' ? quoted(word) : String(word))).join(' ');
      return `oscsend ${hostname} ${oscPort} /foley/generate sss${types} take1 ${quoted(mixWord(of))} ${seed} ${values}`.trim();
    }
    case 'Python':
      return [
        'import asyncio, foleyd\n',
        'async def main():',
        `    async with foleyd.connect("ws://${host}/ws") as server:`,
        `        return await server.request("foley.generate", ${python({ ...args, save: true, audio: false })})\n`,
        'print(asyncio.run(main()))',
      ].join('\n');
    case 'JavaScript':
      return `const answer = await fetch('http://${host}/v1/foley.generate', {\n  method: 'POST',\n  body: JSON.stringify(${json}),\n});\nconst { data } = await answer.json();`;
    case 'SuperCollider': {
      const { class: of, seed, ...more } = args;
      const words = oscWords(more)?.map((word) => (typeof word === 'string' ? JSON.stringify(word) : String(word)));
      if (words === undefined) return null;
      const rest = [JSON.stringify(mixWord(of)), JSON.stringify(String(seed)), ...words].join(', ');
      return `n = NetAddr("${hostname}", ${oscPort});\nn.sendMsg("/foley/generate", "take1", ${rest});`;
    }
  }
}

function oscWords(args: Record<string, unknown>): (string | number)[] | null {
  const words: (string | number)[] = [];
  for (const [key, value] of Object.entries(args)) {
    const word = oscWord(key, value);
    if (word === null) return null;
    words.push(key, word);
  }
  return words;
}

function oscWord(key: string, value: unknown): string | number | null {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number') return value;
  if (key === 'envelope') return envelopeWord(value as ArgsInput<'foley.generate'>['envelope'] & object);
  if (key === 'spectrum') {
    const { points = [] } = value as ArgsInput<'foley.generate'>['spectrum'] & object;
    return points.map(({ hz, level }) => `${hz}:${level}`).join(',');
  }
  return mixWord(value);
}

/** Breakpoints, or onsets of the usual level and length; nothing else has a word. */
function envelopeWord({ points, cues, gain = 0 }: ArgsInput<'foley.generate'>['envelope'] & object): string | null {
  if (gain !== 0) return null;
  if (points !== undefined) return points.map(({ at, level }) => `${at}:${level}`).join(',');
  const usual = cues?.every(({ level = -9, length = 0.3 }) => level === -9 && length === 0.3);
  return usual ? cues!.map(({ at }) => String(at)).join(',') : null;
}

/** A class, or a mix as one word. */
function mixWord(of: unknown): string {
  if (typeof of !== 'object' || of === null) return String(of);
  return mixText(of, (weight) => Number(weight.toPrecision(6)));
}

function quoted(word: string): string {
  return /^[\w:.,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function python(value: unknown): string {
  return JSON.stringify(value)
    .replace(/\btrue\b/g, 'True')
    .replace(/\bfalse\b/g, 'False')
    .replace(/\bnull\b/g, 'None');
}
