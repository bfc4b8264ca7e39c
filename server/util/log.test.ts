import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import test from 'node:test';
import { createLog, prettyLine } from './log.ts';

function capture(): { stream: Writable; text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  return { stream, text: () => chunks.join('') };
}

test('the log writes one JSON object per line when nobody watches', () => {
  const { stream, text } = capture();
  createLog({ level: 'info', to: stream }).info({ port: 9247 }, 'listening');
  const record = JSON.parse(text()) as Record<string, unknown>;
  assert.equal(record.msg, 'listening');
  assert.equal(record.port, 9247);
});

test('the log writes plain lines for a person', () => {
  const { stream, text } = capture();
  createLog({ level: 'info', pretty: true, to: stream }).warn({ code: 'slow_client' }, 'closed a client');
  assert.match(text(), /^\d\d:\d\d:\d\d\.\d{3} warn {2}closed a client {2}code=slow_client\n$/);
});

test("escape sequences in a client's text do not reach the terminal", () => {
  const line = prettyLine(JSON.stringify({ level: 30, time: 0, msg: 'class \u001b[2Jx' }), false);
  assert.ok(!line.includes('\u001b'));
});

test('levels below the chosen one are not written', () => {
  const { stream, text } = capture();
  createLog({ level: 'error', to: stream }).info('quiet');
  assert.equal(text(), '');
});

test('durations are written to a tenth of a millisecond, and other numbers as they are', () => {
  const { stream, text } = capture();
  const fields = { ranMs: 1609.8428009999916, waitedMs: 0.04, share: 0.123456, job: 'a' };
  createLog({ level: 'info', to: stream }).info(fields, 'job ended');
  const { ranMs, waitedMs, share, job } = JSON.parse(text()) as Record<string, unknown>;
  assert.deepEqual({ ranMs, waitedMs, share, job }, { ranMs: 1609.8, waitedMs: 0, share: 0.123456, job: 'a' });
});
