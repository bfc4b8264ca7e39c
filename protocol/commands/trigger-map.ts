/** A map: what fires it, what it plays and how. Each setting is declared once, for every command of maps. */
import { z } from 'zod';
import { limits } from '../limits.ts';
import { candidates, classArg, density, guidanceArgs, name } from './fields.ts';

const seven = z.int().min(0).max(127);
const channel = z.int().min(1).max(16).optional().describe('MIDI channel').meta({ fallback: 'any' });

/** Printable, without what OSC keeps for patterns, and not one of ours. */
export const address = z
  .string()
  .regex(/^\/(?!foley(?:\/|$))[!"$-)+\-./0-9:;<=>@A-Z\\^_`a-z|~]{1,127}$/, 'expected an OSC address not below /foley');

/** What fires a trigger; none fires by its id alone. */
export const source = z.union([
  z.strictObject({ note: seven.describe('MIDI note'), channel }),
  z.strictObject({ cc: seven.describe('MIDI controller: fires when its value reaches 64'), channel }),
  z.strictObject({ program: seven.describe('MIDI program change'), channel }),
  z.strictObject({
    osc: address.describe('OSC address of your own; its first number, 0 to 1 or 2 to 127, is the velocity'),
  }),
]);

const db = (doc: string) => z.number().min(-80).max(20).default(0).describe(doc).meta({ unit: 'dB' });

/** What a clip of a well filled pool is chosen from, where its map names no number. */
export const POOL_CANDIDATES = 4;

/** How a map sounds. Everything has a default but what it plays. */
const mapFields = {
  source: source.optional().describe('source that triggers it').meta({ fallback: 'only `trigger.fire`' }),
  class: classArg.describe('class it plays, in the form of `foley.generate`'),
  voice: name.optional().describe('voice id').meta({ fallback: 'the active voice' }),
  temperature: z.number().min(0).max(limits.temperatureMax).default(1).describe('temperature for its clips'),
  softTemperature: z
    .number()
    .min(0)
    .max(limits.temperatureMax)
    .optional()
    .describe('temperature for the softest hits, interpolated for velocities in between')
    .meta({ fallback: '`temperature`' }),
  ...guidanceArgs,
  density,
  candidates: candidates
    .unwrap()
    .optional()
    .describe(
      `${candidates.unwrap().description ?? candidates.description}; a clip that a hit is waiting for has no other candidates`,
    )
    .meta({
      fallback: `${POOL_CANDIDATES} while at least half of the clips are ready, if there is an embedder that tells real clips from generated ones; otherwise 1`,
    }),
  ready: z.int().min(1).max(limits.poolClips).default(3).describe('number of clips kept ready'),
  liveWithin: z
    .number()
    .min(0)
    .max(10)
    .default(0.15)
    .describe(
      'with no fresh clip ready, a hit plays a clip while it is generated, if it is expected to be heard within this time; otherwise an earlier clip is replayed. The limit does not apply if there is none to replay',
    )
    .meta({ unit: 's' }),
  reuse: z
    .boolean()
    .default(false)
    .describe('replay the ready clips in turn; otherwise no clip is played twice while fresh ones are ready'),
  mode: z
    .enum(['shot', 'gate', 'loop'])
    .default('shot')
    .describe('shot: plays to its end; gate: plays until the note ends; loop: loops until the note ends'),
  gain: db('loudness'),
  velocity: z.number().min(0).max(1).default(1).describe('velocity sensitivity of the level: 0 is none'),
  pan: z.number().min(-1).max(1).default(0).describe('-1 left, 1 right'),
  bus: z.int().min(0).max(31).default(0).describe('pair of output channels'),
  choke: name.optional().describe('choke group: a new sound of the group stops the others').meta({ fallback: 'none' }),
  length: z
    .number()
    .gt(0)
    .max(limits.seconds)
    .optional()
    .meta({ unit: 's', fallback: 'the whole clip' })
    .describe('at most'),
  fadeIn: z.number().min(0).max(10).default(0).describe('fade-in time').meta({ unit: 's' }),
  fadeOut: z
    .number()
    .min(0)
    .max(10)
    .default(0.01)
    .describe('fade-out time, also used when it is stopped')
    .meta({ unit: 's' }),
  quantise: z
    .number()
    .min(0)
    .max(64)
    .default(0)
    .describe(
      'start on the next multiple of this many beats of the song (`transport.set` or a MIDI clock); 0 starts at once',
    ),
};

export const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'expected letters, digits, . _ - only')
  .describe('name of the map');

export const map = z.strictObject({ id, ...mapFields });

export type TriggerMap = z.output<typeof map>;
export type TriggerSource = z.output<typeof source>;
export const mapExample = { id: 'pad1', source: { note: 36 }, class: 'DogBark' };

export const fullExample = {
  ...mapExample,
  temperature: 1,
  ready: 3,
  liveWithin: 0.15,
  reuse: false,
  mode: 'shot' as const,
  gain: 0,
  velocity: 1,
  pan: 0,
  bus: 0,
  fadeIn: 0,
  fadeOut: 0.01,
  quantise: 0,
};

/** `note:36`, `note:36:10` (channel), `cc:7`, `program:3` or an OSC address. Anything else stays as it is, and is refused. */
export function sourceFromText(text: string): unknown {
  if (text.startsWith('/')) return { osc: text };
  const [, kind, number, on] = /^(note|cc|program):(\d{1,3})(?::(\d{1,2}))?$/.exec(text) ?? [];
  if (kind === undefined) return text;
  return { [kind]: Number(number), ...(on === undefined ? {} : { channel: Number(on) }) };
}
