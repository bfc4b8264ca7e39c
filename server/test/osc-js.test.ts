import assert from 'node:assert/strict';
import test from 'node:test';
import OSCJS from 'osc-js';
import { newServer } from './support/server.ts';

// Its types are those of a module without a default, which is what is imported.
const OSC = OSCJS as unknown as typeof OSCJS.default;

test('a page of osc-js asks over WebSocket as it does anywhere, and hears a clip come', async (t) => {
  const { app } = await newServer(t);
  const port = app.ports.http ?? 0;
  const osc = new OSC({ plugin: new OSC.WebsocketClientPlugin({ host: '127.0.0.1', port }) });
  t.after(() => osc.close());
  const heard: [string, ...unknown[]][] = [];
  const done = new Promise<void>((resolve, reject) => {
    osc.on('error', reject);
    osc.on('/foley/*', (message: { address: string; args: unknown[] }) => {
      heard.push([message.address, ...message.args.slice(0, 2)]);
      if (message.address === '/foley/done') resolve();
    });
  });
  osc.on('open', () => osc.send(new OSC.Message('/foley/generate', 'page1', 'Rain', 7)));
  osc.open();
  await done;
  assert.deepEqual([heard[0]?.[0], heard[0]?.[1]], ['/foley/accepted', 'page1']);
  assert.ok(heard.some(([address, id]) => address === '/foley/row' && id === 'page1'));
  assert.match(String(heard.at(-1)?.[2]), /\.wav$/);
});
