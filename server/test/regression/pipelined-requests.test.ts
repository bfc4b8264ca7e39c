/** All requests that a connection sent in one go were at work at once, however many: thousands of exports for one client. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { newServer } from '../support/server.ts';

const post = (cmd: string, args: unknown): string => {
  const body = JSON.stringify(args);
  return `POST /v1/${cmd} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
};
const last = 'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n';

/** Says all of it at once; resolves with what was answered when the connection has ended. */
async function said(t: TestContext, url: string, text: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  let all = '';
  socket.setEncoding('utf8').on('data', (piece) => (all += piece));
  socket.write(text);
  await once(socket, 'close');
  return all;
}

test('requests of one HTTP connection are at work one after the other', async (t) => {
  const { app, engine, log } = await newServer(t);
  engine.hold();
  const seeds = [11, 12, 13];
  const answered = said(
    t,
    app.urls.http!,
    `${seeds.map((seed) => post('foley.generate', { class: 'Rain', seed, save: false })).join('')}${last}`,
  );
  const queued = () => log().filter(({ type }) => type === 'queued').length;
  while (queued() === 0) await new Promise((resolve) => setImmediate(resolve));
  // Another client's round trip is time enough for the other two.
  await (await fetch(`${app.urls.http}/health`)).text();
  assert.equal(queued(), 1);
  engine.release();
  const all = await answered;
  assert.deepEqual(
    [...all.matchAll(/"seed":(\d+)/g)].map(([, seed]) => Number(seed)),
    seeds,
  );
  assert.equal(all.match(/HTTP\/1\.1 200/g)?.length, 4);
});

test('a connection with more open requests than it may have is ended, and what waits there is not begun', async (t) => {
  const { app, engine, log } = await newServer(t, { config: { limits: { openRequests: 4 } } });
  engine.hold();
  const ask = (seed: number): string => post('foley.generate', { class: 'Rain', seed });
  assert.equal(await said(t, app.urls.http!, [1, 2, 3, 4, 5].map(ask).join('')), '');
  engine.release();
  assert.equal((await fetch(`${app.urls.http}/health`)).status, 200);
  assert.ok(log().filter(({ type }) => type === 'queued').length <= 1);
  // As many as it may have are answered.
  const all = await said(t, app.urls.http!, `${[6, 7, 8].map(ask).join('')}${last}`);
  assert.equal(all.match(/HTTP\/1\.1 200/g)?.length, 4);
});

test('after an answer that ends the connection nothing more of it is done', async (t) => {
  const { app, log } = await newServer(t);
  const all = await said(t, app.urls.http!, `${last}${post('foley.generate', { class: 'Rain', seed: 1 })}`);
  assert.equal(all.match(/HTTP\/1\.1/g)?.length, 1, all);
  await (await fetch(`${app.urls.http}/health`)).text();
  assert.deepEqual(
    log().filter(({ type }) => type === 'queued'),
    [],
  );
});

test('what makes no sense is answered behind the answers before it, and not in the middle of one', async (t) => {
  const { app, engine } = await newServer(t);
  engine.hold();
  const answered = said(
    t,
    app.urls.http!,
    `${post('foley.generate', { class: 'Rain', seed: 1 })}${last}nonsense\r\n\r\n`,
  );
  const broken = said(t, app.urls.http!, `${post('foley.generate', { class: 'Rain', seed: 2 })}nonsense\r\n\r\n`);
  const half = said(
    t,
    app.urls.http!,
    `${post('server.ping', {}).replace('Content-Length: 2', 'Transfer-Encoding: chunked')}`,
  );
  await (await fetch(`${app.urls.http}/health`)).text();
  engine.release();
  const codes = async (all: Promise<string>) => [...(await all).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, code]) => code);
  assert.deepEqual(await codes(answered), ['200', '200']);
  assert.deepEqual(await codes(broken), ['200', '400']);
  assert.deepEqual(await codes(half), ['400']);
});
