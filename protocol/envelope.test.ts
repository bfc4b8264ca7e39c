import assert from 'node:assert/strict';
import test from 'node:test';
import { parseAnswer, parseRequest } from './index.ts';

test('a request is id, cmd and args, and args may be left out', () => {
  assert.deepEqual(parseRequest({ id: 'a', cmd: 'server.ping' }), { id: 'a', cmd: 'server.ping', args: {} });
  assert.deepEqual(parseRequest({ id: 'x'.repeat(64), cmd: 'c', args: { a: 1 } }).args, { a: 1 });
});

test('what is not a request is refused with the field at fault', () => {
  const wrong: [unknown, string | undefined][] = [
    [null, undefined],
    [[], undefined],
    ['text', undefined],
    [new Uint8Array(3), undefined],
    [new Date(), undefined],
    [{ cmd: 'c' }, 'id'],
    [{ id: 1, cmd: 'c' }, 'id'],
    [{ id: '', cmd: 'c' }, 'id'],
    [{ id: 'x'.repeat(65), cmd: 'c' }, 'id'],
    [{ id: 'a' }, 'cmd'],
    [{ id: 'a', cmd: '' }, 'cmd'],
    [{ id: 'a', cmd: 7 }, 'cmd'],
    [{ id: 'a', cmd: 'c', args: [] }, 'args'],
    [{ id: 'a', cmd: 'c', args: null }, 'args'],
    [{ id: 'a', cmd: 'c', more: 1 }, 'more'],
  ];
  for (const [value, path] of wrong) {
    assert.throws(
      () => parseRequest(value),
      { name: 'ProtocolError', code: 'bad_envelope', path },
      JSON.stringify(value),
    );
  }
});

test('the refusal carries the id once it was readable', () => {
  assert.throws(() => parseRequest({ id: 'a', cmd: 7 }), { id: 'a' });
  assert.throws(() => parseRequest({ id: 'a', cmd: 'c', extra: 1 }), { id: 'a' });
  assert.throws(() => parseRequest({ id: 7, cmd: 'c' }), { id: undefined });
});

test('an answer is id, event and data, and its id may be null', () => {
  const answer = { id: null, event: 'failed', data: { code: 'malformed', message: 'm' } };
  assert.deepEqual(parseAnswer(answer), answer);
  for (const value of [
    null,
    { id: 1, event: 'done', data: {} },
    { id: 'a', event: 1, data: {} },
    { id: 'a', event: 'done', data: [] },
  ]) {
    assert.throws(() => parseAnswer(value), { code: 'bad_envelope' });
  }
});
