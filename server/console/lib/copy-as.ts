import type { EventData } from '../../../protocol/commands/index.ts';

export type Details = EventData<'clip.get', 'done'>['clip'];

/** The languages a request can be copied in. */
export const languages = ['curl', 'OSC', 'Python', 'JavaScript', 'SuperCollider'] as const;
export type Language = (typeof languages)[number];

interface Recipe {
  voiceId?: string;
  class?: string | Record<string, number>;
  seed?: number;
  temperature?: number;
  topK?: number;
  topP?: number;
  guidance?: number;
  density?: number;
  avoid?: string | Record<string, number>;
}

/** Arguments of `foley.generate` that make a clip again; null where class and seed alone do not: it was made from another. */
export function argsOf({ recipe, lineage, shape }: Details): Record<string, unknown> | null {
  if (recipe === null || lineage !== null) return null;
  const { voiceId, class: of, seed, temperature = 1, topK = 0, topP = 1, guidance, density, avoid } = recipe as Recipe;
  const args: Record<string, unknown> = { class: of, seed, voice: voiceId };
  if (temperature !== 1) args.temperature = temperature;
  if (topK !== 0) args.topK = topK;
  if (topP !== 1) args.topP = topP;
  if (guidance !== undefined) args.guidance = guidance;
  if (density !== undefined) args.density = density;
  if (avoid !== undefined) args.avoid = avoid;
  return { ...args, ...shape };
}

/** A request as a line or a few of a language. `host` as in `127.0.0.1:9247`. */
export function requestAs(language: Language, args: Record<string, unknown>, host: string, oscPort: number): string {
  const json = JSON.stringify(args);
  const { hostname } = new URL(`http://${host}`);
  switch (language) {
    case 'curl':
      return `curl -s -d '${json.replaceAll("'", "'\\''")}' http://${host}/v1/foley.generate`;
    case 'OSC': {
      const { class: of, seed, ...more } = args;
      const words = oscWords(more);
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
      const words = oscWords(more).map((word) => (typeof word === 'string' ? JSON.stringify(word) : String(word)));
      const rest = [JSON.stringify(mixWord(of)), JSON.stringify(String(seed)), ...words].join(', ');
      return `n = NetAddr("${hostname}", ${oscPort});\nn.sendMsg("/foley/generate", "take1", ${rest});`;
    }
  }
}

function oscWords(args: Record<string, unknown>): (string | number)[] {
  return Object.entries(args).flatMap(([key, value]) => {
    if (typeof value === 'boolean') return [key, value ? 1 : 0];
    if (typeof value === 'number') return [key, value];
    return [key, mixWord(value)];
  });
}

/** A class, or a mix as one word. */
function mixWord(of: unknown): string {
  if (typeof of !== 'object' || of === null) return String(of);
  return Object.entries(of)
    .map(([name, weight]) => `${name}:${Number(Number(weight).toPrecision(6))}`)
    .join('+');
}

function quoted(word: string): string {
  return /^[\w:.+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function python(value: unknown): string {
  return JSON.stringify(value)
    .replace(/\btrue\b/g, 'True')
    .replace(/\bfalse\b/g, 'False')
    .replace(/\bnull\b/g, 'None');
}
