import { decodePcm } from '../../../protocol/codecs/pcm.ts';
import type { ArgsInput, EventData } from '../../../protocol/commands/index.ts';
import { link, notices } from './link.svelte.ts';
import { type Playing, player } from './player.svelte.ts';
import { settings } from './settings.svelte.ts';
import { takes } from './takes.svelte.ts';
import { voices } from './voices.svelte.ts';

export type TriggerMap = EventData<'trigger.list', 'done'>['maps'][number];

/** The pads of the classes and of the trigger maps, and what a hit on each does. */
export class Pads {
  maps = $state<TriggerMap[]>([]);
  /** The maps were read once, or could not be. */
  isRead = $state(false);
  /** What is said of the pool of each map. */
  ready = $state<Record<string, string>>({});
  /** Counts hits of each pad, by class or map. */
  flash = $state<Record<string, number>>({});
  /** Maps whose sound goes on in this page. */
  readonly #loops = new Map<string, Playing>();
  classes = $derived(voices.active?.classes.map(({ name }) => name) ?? []);
  /** Weights of the classes that are raised. */
  mix = $derived(
    Object.fromEntries(
      this.classes.map((name) => [name, settings.mix[name] ?? 0] as const).filter(([, weight]) => weight > 0),
    ),
  );

  /** Hears of hits and pools until `signal` aborts. */
  watch(signal: AbortSignal): void {
    // What happens between the two is in the list.
    link
      .hear('server.watch', { jobs: false, hits: true, pools: true }, signal, (event, data) => this.#hear(event, data))
      .catch((error: unknown) => notices.fail('Could not subscribe to hits and pools', error));
    void this.readMaps();
  }

  async readMaps(): Promise<void> {
    try {
      const { maps, pools } = await link.call('trigger.list', {});
      this.maps = maps;
      this.ready = Object.fromEntries(
        pools.map((pool) => [pool.map, pool.problem ?? `${pool.ready} of ${pool.want} ready`]),
      );
    } catch (error) {
      notices.fail('Could not read the trigger maps', error);
    }
    this.isRead = true;
  }

  hitClass(of: string | Record<string, number>, velocity = 1): void {
    const since = performance.now();
    player.wake();
    this.#press(typeof of === 'string' ? of : 'mix');
    takes.make({ cmd: 'foley.generate', args: { class: of, ...asked() } }, { since, gain: gainOf(velocity) });
  }

  /** Plays a clip of the map's pool as any other hit does: in this page, on the server's output, or on both. */
  async hitMap({ id }: TriggerMap, velocity = 1): Promise<void> {
    const since = performance.now();
    const audio = settings.mapsOn !== 'server';
    if (audio) player.wake();
    let playing: Playing | null = null;
    const onEvent = (event: string, data: Record<string, unknown>): void => {
      if (event !== 'audio') return;
      const { offset, total, rate, gain, loop, format, pcm } = data as EventData<'trigger.fire', 'audio'>;
      if (playing === null) {
        // A map that is hit again ends its loop here, as its gate would.
        this.#loops.get(id)?.stop();
        playing = player.begin({ rate, total, gain, since });
        if (loop) {
          this.#loops.set(id, playing);
          playing.loop([0, total / rate]);
        }
      }
      playing.push(offset, decodePcm(pcm, format));
    };
    try {
      await link.call(
        'trigger.fire',
        { id, velocity, audio, play: settings.mapsOn !== 'page', format: 's16' },
        { onEvent },
      );
    } catch (error) {
      notices.fail(`Could not play ${id}`, error);
    }
  }

  /** Makes a map under the first free name. False where it was refused. */
  async addMap(of: string, note: number, density: number): Promise<boolean> {
    const taken = new Set(this.maps.map(({ id }) => id));
    let n = 1;
    while (taken.has(`pad${n}`)) n++;
    try {
      await link.call('trigger.map', {
        id: `pad${n}`,
        class: of,
        source: { note },
        ...(density > 0 ? { density } : {}),
      });
      await this.readMaps();
      return true;
    } catch (error) {
      notices.fail('Could not add the map', error);
      return false;
    }
  }

  async unmap(id: string): Promise<void> {
    try {
      const { maps } = await link.call('trigger.export', { ids: [id] });
      await link.call('trigger.unmap', { id });
      await this.readMaps();
      const restore = (): Promise<void> => link.call('trigger.import', { maps }).then(() => this.readMaps());
      notices.say(`${id} was removed.`, {
        label: 'Undo',
        run: () => void restore().catch((error: unknown) => notices.fail('Could not restore it', error)),
      });
    } catch (error) {
      notices.fail('Could not remove it', error);
    }
  }

  #hear(event: string, data: Record<string, unknown>): void {
    if (event === 'pool') {
      const { map, ready, want, problem } = data as EventData<'server.watch', 'pool'>;
      this.ready[map] = problem ?? `${ready} of ${want} ready`;
      if (!this.maps.some(({ id }) => id === map)) void this.readMaps();
    } else if (event === 'hit') this.#press((data as EventData<'server.watch', 'hit'>).map);
  }

  #press(pad: string): void {
    this.flash[pad] = (this.flash[pad] ?? 0) + 1;
  }
}

/** The MIDI note of a map, if one triggers it. */
export function noteOf({ source }: TriggerMap): number | null {
  return source !== undefined && 'note' in source ? source.note : null;
}

/** Velocity to amplitude, as a quadratic curve. */
function gainOf(velocity: number): number {
  return velocity ** 2;
}

/** How a take is asked for now. */
function asked(): Omit<ArgsInput<'foley.generate'>, 'class'> {
  const { temperature, guidance, candidates, count, length, envelope, spectrum, density } = settings;
  const { follows } = voices.active ?? {};
  return {
    ...(follows?.envelope && envelope.length > 0 ? { envelope: { points: $state.snapshot(envelope) } } : {}),
    ...(follows?.spectrum && spectrum.length > 0
      ? { spectrum: { points: spectrum.map(({ at, level }) => ({ hz: at, level })) } }
      : {}),
    // An envelope says itself when there are events.
    ...(follows?.density && density > 0 && envelope.length === 0 ? { density } : {}),
    temperature,
    candidates,
    count,
    ...(guidance === null ? {} : { guidance }),
    ...(length === null ? {} : { length }),
  };
}

export const pads = new Pads();
