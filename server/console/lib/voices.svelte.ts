import type { EventData } from '../../../protocol/commands/index.ts';
import type { MelSpec } from '../../engine/dsp/mel.ts';
import type { GridShape } from './code-grid.ts';
import { link } from './link.svelte.ts';

export type VoiceEntry = EventData<'voice.list', 'done'>['voices'][number];

/** What the page reads of a voice's card. */
export interface Card {
  id: string;
  name: string;
  classes: { id: number; name: string }[];
  audio: { rate: number; samples: number };
  mel: Omit<MelSpec, 'rate'>;
  grid: GridShape;
  guidance: { default: number; classes: Record<string, number> };
  /** What its clips can follow. */
  follows: { envelope: boolean; spectrum: boolean; density: boolean };
  raw: Record<string, unknown>;
}

interface RawCard {
  id: string;
  name: string;
  classes: { id: number; name: string }[];
  audio: { rate: number; samples: number };
  mel: Omit<MelSpec, 'rate'>;
  latent: { codebooks: number; codes: number; frequency: number; time: number };
  grid: { rows: number; cols: number; rowAxes: string[]; colAxes: string[]; depthAxes?: (keyof typeof AXES)[] };
  prior?: { contour?: number; spectrum?: number };
  graphs?: Record<string, unknown>;
  sampling?: { guidance?: { default?: number; classes?: Record<string, number> } };
}

/** The voices of the server, and their cards as far as somebody asked for them. */
class Voices {
  all = $state<VoiceEntry[]>([]);
  active = $state<Card | null>(null);
  problem = $state('');
  readonly #cards = new Map<string, Promise<Card>>();

  async refresh(): Promise<void> {
    try {
      // At once, since pads wait for both. Without an active voice only the list has an answer.
      const card = link.call('voice.info', {}).then(
        ({ card: raw }) => readCard(raw),
        () => null,
      );
      const { voices: all } = await link.call('voice.list', {});
      const entry = all.find((voice) => voice.active);
      const told = await card;
      if (entry !== undefined && told?.id === entry.id && !this.#cards.has(keyOf(entry)))
        this.#cards.set(keyOf(entry), Promise.resolve(told));
      const active = entry === undefined ? null : await this.card(entry.id, entry.hash);
      [this.all, this.active] = [all, active];
      this.problem = entry === undefined ? 'No voice is active: activate one under Teach.' : '';
    } catch (error) {
      this.problem = `The voices cannot be read: ${(error as Error).message}`;
    }
  }

  /** A card by voice id; `hash` is that of a voice which may have been replaced under its name. */
  card(id: string, hash = this.all.find((voice) => voice.id === id)?.hash ?? ''): Promise<Card> {
    const key = keyOf({ id, hash });
    let known = this.#cards.get(key);
    if (known === undefined) {
      known = link.call('voice.info', { voice: id }).then(({ card }) => readCard(card));
      known.catch(() => this.#cards.delete(key));
      this.#cards.set(key, known);
    }
    return known;
  }
}

function keyOf({ id, hash }: { id: string; hash: string }): string {
  return `${id} ${hash}`;
}

/** What counts the codes of the latent along an axis. */
const AXES = { codebook: 'codebooks', frequency: 'frequency', time: 'time' } as const;

function depthOf({ latent, grid: { depthAxes = [] } }: RawCard): number {
  return depthAxes.reduce((product, axis) => product * latent[AXES[axis]], 1);
}

function readCard(raw: Record<string, unknown>): Card {
  const card = raw as unknown as RawCard;
  const { default: usual = 0, classes = {} } = card.sampling?.guidance ?? {};
  return {
    id: card.id,
    name: card.name,
    classes: card.classes,
    audio: card.audio,
    mel: card.mel,
    raw,
    grid: { ...card.grid, depth: depthOf(card), codebooks: card.latent.codebooks, codes: card.latent.codes },
    guidance: { default: usual, classes },
    follows: {
      envelope: (card.prior?.contour ?? 0) > 0,
      spectrum: (card.prior?.spectrum ?? 0) > 0,
      density: card.graphs?.contour !== undefined,
    },
  };
}

export const voices = new Voices();

/** `Sneeze_Cough` as people read it: Sneeze/Cough. */
export function spoken(name: string): string {
  const words = name.replace(/(?<=[a-z])_(?=[A-Z])/g, '/').replace(/_/g, ' ');
  return words.replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
}

/** A class, or a mix of some, in a few words. */
export function spokenClass(of: string | number | Record<string, number> | null): string {
  if (of === null) return 'unknown class';
  if (typeof of !== 'object') return spoken(String(of));
  const entries = Object.entries(of).sort((a, b) => b[1] - a[1]);
  const sum = entries.reduce((all, [, weight]) => all + weight, 0);
  return entries.map(([name, weight]) => `${Math.round((weight / sum) * 100)} % ${spoken(name)}`).join(' + ');
}
