import assert from 'node:assert/strict';
import test from 'node:test';
import { errorCodes, errors, failedAnswer, ProtocolError, toProtocolError } from './index.ts';

test('every code has a meaning, an HTTP status that is an error, and a close code that an endpoint may send', () => {
  for (const code of errorCodes) {
    const { meaning, http, wsClose } = errors[code];
    assert.match(meaning, /^[A-Z].*\.$/, code);
    assert.ok(http >= 400 && http <= 599, code);
    if (wsClose !== undefined)
      assert.ok([1001, 1009, 1011].includes(wsClose) || (wsClose >= 4000 && wsClose <= 4999), code);
  }
  const closes = errorCodes.map((code) => errors[code].wsClose).filter((close) => close !== undefined);
  assert.equal(new Set(closes).size, closes.length, 'a close code names one error');
});

test('an unknown error becomes internal, keeps its cause and tells nothing of it', () => {
  const cause = new Error('secret detail');
  const error = toProtocolError(cause);
  assert.deepEqual([error.code, error.cause], ['internal', cause]);
  assert.ok(!JSON.stringify(error.toData()).includes('secret'));
});

test('an error with one of our codes keeps it, other codes do not pass', () => {
  assert.equal(toProtocolError(Object.assign(new Error('x'), { code: 'engine_crashed' })).code, 'engine_crashed');
  assert.equal(toProtocolError(Object.assign(new Error('x'), { code: 'ENOENT' })).code, 'internal');
  assert.equal(toProtocolError(Object.assign(new Error('x'), { code: 'toString' })).code, 'internal');
  const same = new ProtocolError('queue_full');
  assert.equal(toProtocolError(same), same);
});

test('a failed answer takes its id from the request, else from the error', () => {
  const error = new ProtocolError('bad_args', 'args.x: no', { path: 'args.x', id: 'e' });
  assert.deepEqual(failedAnswer('r', error, 'j1'), {
    id: 'r',
    event: 'failed',
    data: { code: 'bad_args', message: 'args.x: no', path: 'args.x', job: 'j1' },
  });
  assert.equal(failedAnswer(null, error).id, 'e');
  assert.equal(failedAnswer(null, new ProtocolError('malformed')).id, null);
});
