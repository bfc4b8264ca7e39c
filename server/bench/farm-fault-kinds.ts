/** The faults that farm-faults.ts injects, by what they are called in its result. */
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import type { FarmUnderTest } from './farm-under-test.ts';
import { childrenOf } from './support.ts';

/** Numbers from 0 to 1 that a seed decides. */
export type Random = () => number;

/** Each resolves when what was done is over, not when the farm works again. */
export function faultsOf(farm: FarmUnderTest, random: Random): Record<string, () => Promise<void>> {
  const { broker, disk, spaces, ways, workers } = farm;
  const either = (): number => (random() < 0.5 ? 0 : 1);
  /** From two days behind to two days ahead. */
  const wrongClock = (): number => Math.round((random() - 0.5) * 4 * 86_400_000);
  return {
    async 'kill -9 of a worker'() {
      const i = either();
      workers[i]!.kill('SIGKILL');
      await wait(100 + random() * 500);
      farm.startWorker(i);
    },
    async 'kill -9 of the broker'() {
      await broker.kill();
      await wait(random() * 800);
      await broker.again();
    },
    async 'kill -9 of the server'() {
      farm.desk.kill('SIGKILL');
      await wait(random() * 300);
      farm.startDesk();
      await farm.deskReady;
    },
    async 'a worker stopped and continued (slow worker, duplicate delivery)'() {
      const worker = workers[either()]!;
      worker.kill('SIGSTOP');
      await wait(500 + random() * 2500);
      worker.kill('SIGCONT');
    },
    async 'a worker at a fifth of its speed for some seconds'() {
      const { pid } = workers[either()]!;
      const until = performance.now() + 2000 + random() * 4000;
      // Its engine as well.
      const all = [pid!, ...childrenOf(pid!)];
      while (performance.now() < until) {
        for (const one of all) process.kill(one, 'SIGSTOP');
        await wait(160);
        for (const one of all) process.kill(one, 'SIGCONT');
        await wait(40);
      }
    },
    async 'network to all workers cut and healed'() {
      ways.workers.cut();
      await wait(300 + random() * 4000);
      ways.workers.heal();
    },
    async 'network to the server cut and healed'() {
      ways.desk.cut();
      await wait(300 + random() * 4000);
      ways.desk.heal();
    },
    async 'SIGTERM of a worker (drains)'() {
      const i = either();
      workers[i]!.kill('SIGTERM');
      await wait(100 + random() * 300);
      farm.startWorker(i);
    },
    async 'a worker whose clock is up to two days wrong'() {
      const i = either();
      workers[i]!.kill('SIGKILL');
      farm.startWorker(i, wrongClock());
    },
    async 'a server whose clock is up to two days wrong'() {
      farm.desk.kill('SIGKILL');
      farm.startDesk(wrongClock());
      await farm.deskReady;
    },
    ...(spaces === null
      ? {}
      : {
          async 'network of all at 1 Mbit/s for some seconds'() {
            for (const space of spaces) space.throttle(1000);
            await wait(1000 + random() * 5000);
            for (const space of spaces) space.unthrottle();
          },
        }),
    ...(disk === null
      ? {}
      : {
          async "the broker's disk full, then room again and the broker started anew"() {
            disk.fill();
            await wait(500 + random() * 3000);
            disk.free();
            // It has switched JetStream off, and switches it on only when it starts.
            await broker.kill();
            await broker.again();
          },
        }),
  };
}
