/** Streams whose end is replaced when they are changed, on the wire. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { decodePcm } from '../../protocol/index.ts';
import { type App, createApp } from '../app.ts';
import { resolveConfig } from '../config.ts';

const data = mkdtempSync(path.join(tmpdir(), 'foleyd-stream-revise-'));
const models = fileURLToPath(new URL('../../models/fixtures', import.meta.url));
let app: App;
before(async () => {
  const where = { data, models, voice: 'tiny-stacked', port: 0, oscPort: null, output: 'none' } as const;
  app = await createApp(resolveConfig({ ...where, logLevel: 'silent', limits: { drainMs: 0 } }, {}));
});
after(async () => {
  await app.close();
  rmSync(data, { recursive: true });
});

const call = (cmd: string, args: Record<string, unknown>) => app.connect().call(cmd, args);

interface Heard {
  pcm: Float32Array;
  /** Chunks that began before the end of what was sent. */
  replaced: number;
  changes: { step: number }[];
  recipe: { stream: { args: Record<string, unknown> } };
}

/** What a client has that puts each chunk at its offset. */
async function hear(args: Record<string, unknown>, onBegun: () => void = () => undefined): Promise<Heard> {
  const heard = { pcm: new Float32Array(0), replaced: 0, changes: [] as { step: number }[] };
  const done = await app.connect().call('stream.start', args, ({ event, data: told }) => {
    if (event === 'changed') heard.changes.push(told as { step: number });
    if (event !== 'audio') return;
    const [offset, part] = [told.offset as number, decodePcm(told.pcm as Uint8Array, 'f32')];
    assert.ok(offset <= heard.pcm.length, 'no hole');
    if (offset < heard.pcm.length) heard.replaced += 1;
    const begun = heard.pcm.length > 0;
    heard.pcm = Float32Array.from([...heard.pcm.subarray(0, offset), ...part]);
    if (!begun) onBegun();
  });
  return { ...heard, ...(done as unknown as Pick<Heard, 'recipe'>) };
}

const changes = [
  { class: { Hiss: 1, Beep: 1 }, level: -6 },
  { temperature: 0.5, guidance: 2 },
  { level: 0 },
  { class: 'Hiss' },
];

async function perform(args: Record<string, unknown>): Promise<Heard> {
  let performed: Promise<void> | null = null;
  const heard = await hear({ class: 'Hiss', seed: 7, as: 'one', ...args }, () => {
    performed = (async () => {
      for (const change of changes) {
        await wait(300);
        await call('stream.set', { stream: 'one', ...change });
      }
      await wait(500);
      await call('stream.keep', { stream: 'one', seconds: 0.5 });
      await call('stream.stop', { stream: 'one' });
    })();
  });
  await performed;
  return heard;
}

test('a client that lets its stream be revised hears the one that the recipe makes, bit for bit', async () => {
  const heard = await perform({ revise: true, ahead: 2 });
  assert.ok(heard.replaced > 0);
  const again = await hear(heard.recipe.stream.args);
  assert.equal(again.replaced, 0);
  assert.deepEqual(again.pcm, heard.pcm);
  // And in real time.
  const { args } = heard.recipe.stream;
  assert.deepEqual((await hear({ ...args, live: true, ahead: args.ahead })).pcm, heard.pcm);
});

test('a client that does not never hears a sample twice', async () => {
  const heard = await perform({ ahead: 1 });
  assert.equal(heard.replaced, 0);
  assert.deepEqual((await hear(heard.recipe.stream.args)).pcm, heard.pcm);
});
