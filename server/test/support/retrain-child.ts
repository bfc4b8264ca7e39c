/** A server of its own that a test may kill. Arguments: settings, and an order, as JSON; says each event as a line. */
import { createApp } from '../../app.ts';
import { type ConfigInput, resolveConfig } from '../../config.ts';

const [settings = '{}', order] = process.argv.slice(2);
const app = await createApp(resolveConfig(JSON.parse(settings) as ConfigInput));
const client = app.connect('admin');
const say = (event: string, stage: unknown): void => void process.stdout.write(`${JSON.stringify({ event, stage })}\n`);
if (order !== undefined) {
  await client.call('admin.retrain', JSON.parse(order) as Record<string, unknown>, ({ event, data }) =>
    say(event, data.stage),
  );
} else {
  const { jobs } = (await client.call('admin.jobs', {})) as { jobs: { job: string; state: string }[] };
  const open = jobs.find(({ state }) => state === 'running' || state === 'queued');
  if (open !== undefined)
    await client.call('admin.attach', { job: open.job }, ({ event, data }) => say(event, data.stage));
}
say('over', null);
await app.close();
process.exit(0);
