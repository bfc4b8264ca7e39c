import type { EventData } from '../../../protocol/commands/index.ts';
import { link, notices } from './link.svelte.ts';
import { Training } from './training.svelte.ts';

export type Dataset = EventData<'dataset.list', 'done'>['datasets'][number];

/** Trainings that are shown: the latest. */
const MAX_TRAININGS = 8;

/** The data sets and trainings of the server, as admins see them, and the training that is about to be started. */
export class Teaching {
  datasets = $state.raw<Dataset[]>([]);
  trainings = $state.raw<Training[]>([]);
  /** Data sets that the next training learns from, and how. */
  chosen = $state<string[]>([]);
  order = $state({ voice: '', minutes: 20, base: '' });
  /** Why data sets and trainings cannot be read, in words. */
  problem = $state('');

  async read(): Promise<void> {
    try {
      ({ datasets: this.datasets } = await link.call('dataset.list', {}));
      const { jobs } = await link.call('admin.jobs', {});
      const known = new Map(this.trainings.map((one) => [one.job.job, one]));
      this.trainings = jobs
        .toReversed()
        .slice(0, MAX_TRAININGS)
        .map((job) => {
          const old = known.get(job.job);
          if (old !== undefined) {
            old.job = job;
            return old;
          }
          const fresh = new Training(job);
          if (!fresh.isOver) fresh.follow();
          return fresh;
        });
      this.problem = '';
    } catch (error) {
      this.problem = (error as Error).message;
    }
  }

  /** Offers a data set that was just made to the next training. */
  async made(dataset: string): Promise<void> {
    this.chosen = [dataset];
    this.order.voice ||= dataset;
    await this.read();
  }

  async start(): Promise<void> {
    if (!(await link.becomeAdmin())) return;
    try {
      const { voice, minutes, base } = this.order;
      await link.call('admin.retrain', {
        voice,
        datasets: this.chosen,
        minutes,
        wait: false,
        ...(base === '' ? {} : { base }),
      });
      notices.say(`The training of ${voice} began. It goes on when this page is closed.`);
      await this.read();
    } catch (error) {
      notices.fail('The training did not begin', error);
    }
  }

  /** Hears of the trainings no more. */
  leave(): void {
    for (const one of this.trainings) one.leave();
    this.trainings = [];
  }
}
