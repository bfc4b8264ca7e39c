import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import test from 'node:test';
import { ProtocolError } from '../../../protocol/index.ts';
import { namesTag, parseRange, sendClip } from './http-clips.ts';

test('a range is read as first, last and from the end', () => {
  assert.deepEqual(parseRange('bytes=0-9', 100), { first: 0, last: 9 });
  assert.deepEqual(parseRange('bytes=90-', 100), { first: 90, last: 99 });
  assert.deepEqual(parseRange('bytes=-10', 100), { first: 90, last: 99 });
  assert.deepEqual(parseRange('bytes=-1000', 100), { first: 0, last: 99 });
  assert.deepEqual(parseRange('bytes=50-1000', 100), { first: 50, last: 99 });
});

test('a range beyond the file has no bytes', () => {
  assert.equal(parseRange('bytes=100-', 100), 'none');
  assert.equal(parseRange('bytes=100-200', 100), 'none');
  assert.equal(parseRange('bytes=-0', 100), 'none');
});

test('what is not one range of bytes is ignored', () => {
  for (const header of [undefined, '', 'bytes=', 'bytes=-', 'bytes=5-2', 'items=0-1', 'bytes=0-1,5-6', 'bytes=a-b']) {
    assert.equal(parseRange(header, 100), null, String(header));
  }
});

test('a clip whose file cannot be opened is an error before anything of the answer has left', async () => {
  const sent: string[] = [];
  const response = {
    setHeader: (name: string) => void sent.push(name),
    removeHeader: (name: string) => void sent.splice(sent.indexOf(name), 1),
  };
  const request = { method: 'GET', headers: {} } as IncomingMessage;
  await assert.rejects(
    sendClip(request, response as unknown as ServerResponse, 'a', { path: import.meta.url, bytes: 10 }),
    (error) => error instanceof ProtocolError && error.code === 'io_error',
  );
  assert.deepEqual(sent, []);
});

test('a tag is found in lists and in its weak form, and every tag by a star', () => {
  for (const header of ['"a"', 'W/"a"', '"b", "a"', '"b",W/"a" , "c"', ' * '])
    assert.ok(namesTag(header, '"a"'), header);
  for (const header of [undefined, '', '"b"', 'a', '"ab"', '"b", "*"']) assert.ok(!namesTag(header, '"a"'), header);
});
