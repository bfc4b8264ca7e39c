/** Requests made from the declarations of the protocol: mostly right, now and then at or past an edge. */
import { z } from 'zod';
import { type CommandName, commandNames, commandOf } from '../../../protocol/index.ts';
import { EXTREMES } from '../fuzz/extremes.ts';
import type { Uniform } from './random.ts';
import type { Role } from './server.ts';

type Schema = Record<string, unknown> & {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  anyOf?: Schema[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
};

const edges: readonly unknown[] = [...EXTREMES, '\ud800', 'con.wav', '=1+1', '\u202e', 'é'.repeat(129)];
/** Long clips and many of them are a matter of load, not of what is said: larger numbers come, and seldom. */
const SMALL: Readonly<Record<string, number>> = {
  count: 3,
  candidates: 2,
  length: 1,
  ready: 2,
  minutes: 1,
  steps: 5,
  wait: 100,
};
const WORDS: Readonly<Record<string, readonly unknown[]>> = {
  class: [0, 1, 2, 'Rain', 'DogBark', 'rain', { Rain: 1, DogBark: 0.5 }, '0'],
  avoid: [0, 1, 'Rain'],
  voice: ['tiny', 'tiny-time', 'tiny-vq', 'tiny-stacked'],
  base: ['tiny'],
  id: ['pad1', 'pad2', 'pad3'],
  upload: ['u1', 'u2'],
  file: ['a.wav', 'A/a.wav', 'B/b.flac'],
  dataset: ['d1', 'd2'],
  folder: ['', 'in', 'in/dogs'],
  osc: ['/pad', '/a/b'],
  rate: [8000, 22_050, 44_100],
  data: ['AAAA', ''],
  recording: [Buffer.alloc(4000, 7).toString('base64')],
  catId: ['ANMLDog'],
  choke: ['dogs'],
};

export interface Known {
  /** Ids that a server has told, by the name of the field. */
  readonly ids: Map<string, string[]>;
}

export class Grammar {
  readonly #random: Uniform;
  readonly #schemas = new Map<CommandName, Schema>();
  readonly known: Known = { ids: new Map() };

  constructor(random: Uniform) {
    this.#random = random;
    for (const name of commandNames)
      this.#schemas.set(name, z.toJSONSchema(commandOf(name).args, { unrepresentable: 'any', io: 'input' }) as Schema);
  }

  below(n: number): number {
    return Math.floor(this.#random() * n);
  }

  pick<T>(all: readonly T[]): T {
    return all[this.below(all.length)]!;
  }

  /** A command that this role may give, or now and then any; one that makes clips more often than others. */
  command(role: Role, has: (name: CommandName) => boolean = () => true): CommandName {
    if (this.#random() < 0.1) return 'foley.generate';
    const isOwn = (name: CommandName): boolean => role === 'admin' || commandOf(name).role === 'play';
    const isAny = this.#random() < 0.05;
    return this.pick(commandNames.filter((name) => has(name) && (isAny || isOwn(name))));
  }

  args(name: CommandName): Record<string, unknown> {
    const schema = this.#schemas.get(name)!;
    if (this.#random() < 0.6) return this.#object(schema);
    // The example of the declaration is right in ways that the schema does not tell; one of its values is another.
    const example = commandOf(name).example.args as Record<string, unknown>;
    const fields = Object.keys(example);
    const other = this.pick(fields);
    return Object.fromEntries(
      fields.map((field) => {
        const isKept = field !== other && !this.known.ids.has(field === 'clips' ? 'clip' : field);
        return [field, isKept ? example[field] : this.#value(field, schema.properties?.[field] ?? {})];
      }),
    );
  }

  /** Notes ids in what was answered, so that later requests are of things that there are. */
  learn(value: unknown, depth = 0): void {
    if (typeof value !== 'object' || value === null || depth > 4 || ArrayBuffer.isView(value)) return;
    for (const [key, one] of Object.entries(value)) {
      if (typeof one === 'string' && /^(clip|job|upload|dataset|voice|map|id)$/.test(key)) {
        const kind = key === 'map' ? 'id' : key;
        const all = this.known.ids.get(kind) ?? [];
        if (!all.includes(one) && one.length < 65) all.push(one);
        this.known.ids.set(kind, all.slice(-20));
      } else this.learn(one, depth + 1);
    }
  }

  #value(name: string, schema: Schema): unknown {
    if (this.#random() < 0.02) return this.pick(edges);
    const ids = this.known.ids.get(name === 'clips' ? 'clip' : name) ?? [];
    if (ids.length > 0 && schema.type === 'string' && this.#random() < 0.7) return this.pick(ids);
    const words = WORDS[name];
    if (words !== undefined && schema.type !== 'object' && this.#random() < 0.8) return this.pick(words);
    if (schema.anyOf !== undefined) return this.#value(name, this.pick(schema.anyOf));
    if ('const' in schema) return schema.const;
    if (Array.isArray(schema.enum)) return this.pick(schema.enum);
    switch (schema.type) {
      case 'boolean':
        return this.#random() < 0.5;
      case 'integer':
      case 'number':
        return this.#number(name, schema);
      case 'string':
        return this.#text(schema);
      case 'array':
        return Array.from({ length: this.below(4) }, () => this.#value(name, schema.items ?? {}));
      case 'object':
        return this.#object(schema);
      default:
        return this.pick(edges);
    }
  }

  #number(name: string, schema: Schema): number {
    const whole = schema.type === 'integer';
    const least = Number(schema.minimum ?? schema.exclusiveMinimum ?? -1000);
    const most = Number(schema.maximum ?? schema.exclusiveMaximum ?? 1000);
    const roll = this.#random();
    if (roll < 0.03) return most + 1;
    if (roll < 0.06) return least - 1;
    if (roll < 0.1) return least;
    const small = SMALL[name];
    if (roll < 0.11 || (roll < 0.15 && small === undefined)) return most;
    const value = least + this.#random() * (Math.min(small ?? most, most) - least);
    return whole ? Math.round(value) : value;
  }

  #text(schema: Schema): string {
    const most = Math.min(Number(schema.maxLength ?? 64), 4096);
    const roll = this.#random();
    if (roll < 0.03) return 'a'.repeat(most + 1);
    if (roll < 0.06) return 'a'.repeat(most);
    return `w${this.below(50)}`;
  }

  #object({ properties = {}, required = [], additionalProperties }: Schema): Record<string, unknown> {
    const made: Record<string, unknown> = {};
    const all = Object.entries(properties);
    // A few of what may be left out: all at once are seldom right together.
    const share = this.#random() < 0.1 ? 0.8 : 2 / Math.max(2, all.length);
    for (const [name, schema] of all) {
      const isNeeded = required.includes(name) ? this.#random() < 0.98 : this.#random() < share;
      if (isNeeded) made[name] = this.#value(name, schema);
    }
    if (all.length === 0 && typeof additionalProperties === 'object')
      for (let i = this.below(3); i >= 0; i--)
        made[this.pick(['Rain', 'DogBark', 'x'])] = this.#value('', additionalProperties);
    // A frame with `__proto__` is refused whole, and has no id then: mutants have it.
    if (this.#random() < 0.02) made[this.pick(['payload', 'nothing', 'constructor'])] = this.pick(edges);
    return made;
  }
}
