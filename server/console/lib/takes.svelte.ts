import { link, notices } from './link.svelte.ts';
import { countOf, type Making } from './making.ts';
import { Order } from './order.ts';
import type { Press, Take } from './take.svelte.ts';

/** Takes that are kept beside those that still run; older ones are fetched again where they are wanted. */
const MAX_FINISHED = 16;
const RUNNING_KEY = 'foleyd.running';

/** What this page has asked for, newest first. */
class Takes {
  all = $state.raw<Take[]>([]);
  /** Counts orders that ended, so that lists of saved clips ask anew. */
  ended = $state(0);
  readonly #orders = new Set<Order>();
  #count = 0;

  running = $derived(this.all.filter((take) => !take.isOver));

  make(making: Making, press: Press | null = null): readonly Take[] {
    const { takes } = this.#begin(making, null, countOf(making));
    if (press !== null) takes[0]!.playWhenReady(press);
    return takes;
  }

  /** The same once more, with the seed that it had. */
  again({ making, seed }: Take): void {
    const args = { ...making.args, count: 1, ...(seed === null ? {} : { seed }) };
    this.make({ ...making, args } as Making);
  }

  /** Jobs that ran when the page was left. */
  restore(): void {
    try {
      const stored = JSON.parse(sessionStorage.getItem(RUNNING_KEY) ?? '[]') as {
        making: Making;
        job: string;
        count: number;
      }[];
      for (const { making, job, count } of stored) this.#begin(making, job, count);
    } catch {
      sessionStorage.removeItem(RUNNING_KEY);
    }
  }

  cancel(take: Take): void {
    if (take.job === null) return;
    link.call('foley.cancel', { job: take.job }).catch((error: unknown) => notices.fail('Could not cancel it', error));
  }

  /** Takes a take off the page's list; a saved clip stays saved. */
  forget(clip: string): void {
    this.all = this.all.filter((take) => take.clip !== clip);
  }

  #begin(making: Making, job: string | null, count: number): Order {
    const keys = Array.from({ length: count }, () => ++this.#count);
    const order = new Order(making, job, keys);
    order.onJob = () => this.#remember();
    this.#orders.add(order);
    // The request leaves before the page shows the takes: a press waits for the sound, and nobody for the picture.
    const following = order.follow();
    this.all = [...order.takes.toReversed(), ...this.all];
    this.#trim();
    void following.finally(() => {
      this.#orders.delete(order);
      this.#remember();
      this.#trim();
      this.ended += 1;
    });
    return order;
  }

  /** Lets go of the oldest, with their sound and pictures. */
  #trim(): void {
    let over = 0;
    this.all = this.all.filter((take) => !take.isOver || ++over <= MAX_FINISHED);
  }

  #remember(): void {
    const stored = [...this.#orders]
      .filter(({ job }) => job !== null)
      .map(({ making, job, takes: { length } }) => ({ making, job, count: length }));
    try {
      sessionStorage.setItem(RUNNING_KEY, JSON.stringify(stored));
    } catch {
      // Without storage a reload forgets what runs; the takes are saved all the same.
    }
  }
}

export const takes = new Takes();
