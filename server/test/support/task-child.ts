/** A task process for tests: takes its time, ends in the middle, or stands still for ever, as it is told. */
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveTasks } from '../../engine/process/serve-tasks.ts';

export interface TestTask {
  is: 'answer' | 'crash' | 'stand';
  ms?: number;
}

let nth = 0;
serveTasks<TestTask>(async ({ is, ms = 0 }) => {
  nth += 1;
  await sleep(ms);
  if (is === 'crash') process.exit(1);
  if (is === 'stand') process.kill(process.pid, 'SIGSTOP');
  return nth;
});
