import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { newServer, temporary } from '../../test/support/server.ts';

test('/ is the page to browsers and OSCQuery to everyone else', async (t) => {
  const consoleFolder = await temporary(t);
  await mkdir(path.join(consoleFolder, 'assets'));
  await writeFile(path.join(consoleFolder, 'index.html'), '<!doctype html><title>page</title>');
  await writeFile(path.join(consoleFolder, 'assets', 'a-1.js'), 'export {};\n');
  await writeFile(path.join(consoleFolder, 'secret.txt'), 'secret');
  const { app } = await newServer(t, { parts: { consoleFolder } });
  const get = (at: string, headers: Record<string, string> = {}) => fetch(app.urls.http + at, { headers });
  const browser = { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' };

  const page = await get('/', browser);
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.match(await page.text(), /<title>page/);
  const policy = page.headers.get('content-security-policy')!;
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
  const { host } = new URL(app.urls.http!);
  assert.ok(policy.includes(`ws://${host} `), policy);

  for (const at of ['/', '/?HOST_INFO', '/foley'])
    assert.match((await get(at)).headers.get('content-type')!, /json/, at);
  assert.match((await get('/?HOST_INFO', browser)).headers.get('content-type')!, /json/);
  assert.match((await get('/foley/generate', browser)).headers.get('content-type')!, /json/);
  for (const at of ['/console', '/console/']) assert.match(await (await get(at)).text(), /<title>page/);

  const script = await get('/console/assets/a-1.js', { 'accept-encoding': 'gzip' });
  assert.equal(script.headers.get('content-encoding'), 'gzip');
  assert.match(script.headers.get('cache-control')!, /immutable/);
  assert.equal(await script.text(), 'export {};\n');
  const tag = script.headers.get('etag')!;
  assert.equal((await get('/console/assets/a-1.js', { 'accept-encoding': 'gzip', 'if-none-match': tag })).status, 304);
  for (const at of ['secret.txt', 'assets/..%2fsecret.txt', 'assets/none.js', '..%2f..%2fpackage.json'])
    assert.equal((await get(`/console/${at}`)).status, 404, at);
});

test('a server whose page is not built says so to browsers, and has OSCQuery for everyone else', async (t) => {
  const { app } = await newServer(t, { parts: { consoleFolder: path.join(await temporary(t), 'none') } });
  for (const at of ['/', '/console', '/console/']) {
    const answer = await fetch(`${app.urls.http}${at}`, { headers: { accept: 'text/html,*/*;q=0.8' } });
    assert.equal(answer.status, 503, at);
    assert.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8', at);
    assert.match(await answer.text(), /<h1>The console is not built\.<\/h1>[\s\S]*<pre>npm run console<\/pre>/, at);
  }
  for (const accept of ['*/*', 'application/json']) {
    const root = await fetch(`${app.urls.http}/`, { headers: { accept } });
    assert.equal(((await root.json()) as { FULL_PATH: string }).FULL_PATH, '/', accept);
  }
});
