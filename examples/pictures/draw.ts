/**
 * Draws the pictures of examples whose hosts are not here from what the examples did: each runs against a real server with
 * the default voice, in its stub or test host, and what came of it is drawn. `node --import tsx examples/pictures/draw.ts
 * [ableton] [bitwig] [mcp] [plugin] [reaper]`
 */
import path from 'node:path';
import type { TestContext } from 'node:test';
import { example, stage } from '../test/stage.ts';
import { ableton } from './ableton.ts';
import { bitwig } from './bitwig.ts';
import { mcp } from './mcp.ts';
import { plugin } from './plugin.ts';
import { reaper } from './reaper.ts';
import type { Draw } from './svg.ts';

const pictures: Record<string, Draw> = { ableton, bitwig, mcp, plugin, reaper };

const wanted = process.argv.slice(2);
const cleanups: (() => unknown)[] = [];
// The stage is made for tests; here a run ends with all that it started.
const t = { after: (work: () => unknown) => cleanups.push(work) } as unknown as TestContext;
const models = path.resolve(example('..'), 'models');
try {
  const staged = await stage(t, '--models', models, '--voice', 'default');
  Object.assign(staged.env, { FOLEYD_MODELS: models, FOLEYD_VOICE: 'default' });
  for (const name of wanted.length > 0 ? wanted : Object.keys(pictures)) {
    const draw = pictures[name];
    if (draw === undefined)
      throw new Error(`there is no picture ${name}; expected ${Object.keys(pictures).join(', ')}`);
    await draw(staged, t);
  }
} finally {
  for (const cleanup of cleanups.reverse()) await cleanup();
}
