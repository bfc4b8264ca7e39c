import type { ArgsInput, EventData } from '../../../protocol/commands/index.ts';
import { ProtocolError } from '../../../protocol/errors.ts';
import { goesAlongTime } from './code-grid.ts';
import { LOST, link } from './link.svelte.ts';
import { countOf, type Making } from './making.ts';
import { Take } from './take.svelte.ts';
import { voices } from './voices.svelte.ts';

const GONE = 'The server was restarted before this take was finished. Press Again to generate it with the same seed.';

/** One request for takes, followed until each of them is made or will not be: over lost connections, too. */
export class Order {
  readonly making: Making;
  readonly takes: readonly Take[];
  job: string | null;
  /** Hears that the job has a name. */
  onJob: () => void = () => undefined;
  readonly #heard = new Set<string>();

  constructor(making: Making, job: string | null, keys: readonly number[]) {
    this.making = making;
    this.job = job;
    this.takes = keys.map((key, index) => new Take(key, making, index));
  }

  async follow(): Promise<void> {
    for (;;) {
      const client = await link.ready();
      const onEvent = (event: string, data: Record<string, unknown>): void => this.#hear(event, data);
      const { cmd, args } = this.making;
      try {
        const done =
          this.job === null
            ? await client.call(cmd, { ...args, ...seen(this.making), keep: true } as ArgsInput<'foley.generate'>, {
                onEvent,
              })
            : await client.call('foley.attach', { job: this.job }, { onEvent });
        for (const clip of done.clips) this.takes[clip.index]?.done(clip, done.seconds, done.timings.totalMs);
        return;
      } catch (error) {
        const code = error instanceof ProtocolError ? error.code : 'internal';
        if (LOST.has(code)) continue;
        // The voice that the pads are of may be another by now.
        if (code === 'unknown_class' || code === 'unknown_voice') void voices.refresh();
        const isGone = this.job !== null && code === 'unknown_job';
        for (const take of this.takes)
          if (!take.isOver)
            take.fail(
              code === 'cancelled' ? code : isGone ? 'lost' : 'failed',
              isGone ? GONE : (error as Error).message,
            );
        return;
      }
    }
  }

  #hear(event: string, data: Record<string, unknown>): void {
    if (event === 'accepted') this.#accepted(data as EventData<'foley.generate', 'accepted'>);
    const take = this.takes[Number(data.index)];
    if (take === undefined) return;
    if (event === 'row') {
      take.row(data as EventData<'foley.generate', 'row'>);
      return;
    }
    // A job that is taken up again tells everything again.
    const key = `${event} ${data.index} ${data.offset ?? data.codebooks} ${data.seconds ?? ''}`;
    if (this.#heard.has(key)) return;
    this.#heard.add(key);
    if (event === 'preview') take.preview(data as EventData<'foley.generate', 'preview'>);
    else if (event === 'audio') take.audio(data as EventData<'foley.generate', 'audio'>);
  }

  #accepted({ job, seed, voice, class: label, count }: EventData<'foley.generate', 'accepted'>): void {
    this.job = job;
    this.onJob();
    for (const take of this.takes.slice(0, count)) {
      take.job = job;
      take.label = label;
      take.seed = (seed + take.index) % 2 ** 32;
    }
    if (voices.active?.id === voice) {
      for (const take of this.takes) take.use(voices.active);
      return;
    }
    void voices.card(voice).then(
      (card) => {
        for (const take of this.takes) take.use(card);
      },
      () => undefined,
    );
    if (this.making.cmd === 'foley.generate') void voices.refresh();
  }
}

/** What the page shows of takes while they are made. The sound of a single plain one comes in parts where rows go along time: previews would be made beside it, and tell the same. */
function seen(making: Making): { save: true; previews: boolean; format: 's16' } {
  const { active } = voices;
  const { candidates = 1, length, from } = making.args as { candidates?: number; length?: number; from?: number };
  const isPlain = countOf(making) === 1 && candidates === 1 && length === undefined && from === undefined;
  const comesInParts = isPlain && active !== null && goesAlongTime(active.grid);
  return { save: true, previews: !comesInParts, format: 's16' };
}
