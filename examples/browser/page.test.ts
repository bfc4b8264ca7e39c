import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { build } from 'esbuild';
import { example, lacks, stage } from '../test/stage.ts';

/** What a hand would do, and what an eye would see, told to the test. */
const hand = `<script type="module">
  const at = (id) => document.getElementById(id);
  const until = async (when) => { while (!when()) await new Promise((go) => setTimeout(go, 20)); };
  const tell = (what) => fetch('/said', { method: 'POST', body: JSON.stringify(what) });
  await until(() => !at('go').disabled || /no server/.test(at('status').textContent));
  at('seed').value = '42';
  at('go').click();
  await until(() => /made in|failed|no server/.test(at('status').textContent));
  const drawn = (id) => new Set(at(id).getContext('2d').getImageData(0, 0, at(id).width, at(id).height).data).size;
  tell({ status: at('status').textContent, classes: at('class').options.length, grid: [at('grid').width, at('grid').height], hues: drawn('grid'), wave: drawn('wave') });
</script>`;

test('a page in a browser makes a sound and draws it', { skip: lacks('chromium') }, async (t) => {
  const { server, dir } = await stage(t);
  const { outputFiles } = await build({
    entryPoints: [example('browser/page.ts')],
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'silent',
  } as const);
  const page = await readFile(example('browser/index.html'), 'utf8');
  let said: (what: string) => void;
  const heard = new Promise<string>((resolve) => (said = resolve));
  const web = createServer((request, response) => {
    if (request.method === 'POST') {
      let body = '';
      request.setEncoding('utf8').on('data', (text) => (body += text));
      request.on('end', () => said(body));
      return response.end();
    }
    const isScript = request.url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8');
    return response.end(isScript ? outputFiles[0]!.text : page.replace('</body>', `${hand}</body>`));
  }).listen(0, '127.0.0.1');
  t.after(() => web.close());
  await once(web, 'listening');
  const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/?url=${encodeURIComponent(server.ws)}`;
  const browser = spawn('chromium', [
    ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    ...['--disable-component-update', '--disable-sync', `--user-data-dir=${dir}/browser`, '--mute-audio', url],
  ]);
  t.after(async () => {
    browser.kill('SIGKILL');
    if (browser.exitCode === null && browser.signalCode === null) await once(browser, 'exit');
  });
  const { status, classes, grid, hues, wave } = JSON.parse(await heard);
  assert.match(status, /^DogBark, seed 42: 0\.28 s, made in \d+ ms$/);
  assert.deepEqual([classes, grid], [7, [6, 8]]);
  assert.ok(hues > 10 && wave > 2, `${hues} and ${wave} values of a pixel`);
});
