import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import OSC from 'osc-js';
import { decodeOsc, encodeOsc, type OscItem } from '../index.ts';

// osc-js is what web pages and scripts of users speak; it never decodes for the server. Its types leave these two out.
const { Message, Bundle } = OSC as unknown as {
  Message: new (
    address: string,
    ...args: unknown[]
  ) => { address: string; args: unknown[]; pack(): Uint8Array; unpack(view: DataView): number };
  Bundle: new (elements: unknown[], epochMs: number) => { pack(): Uint8Array };
};

const now = Date.UTC(2026, 10, 24, 12);
const items = (datagram: Uint8Array): OscItem[] => decodeOsc(datagram, now).flatMap((batch) => batch.items);
const fixed = { save: true, audio: false, previews: false };

/** A datagram of ours as osc-js reads it. */
function heard(datagram: Uint8Array): { address: string; args: unknown[] } {
  const message = new Message('/');
  message.unpack(new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength));
  return { address: message.address, args: message.args };
}

test('what osc-js sends we understand', () => {
  const message = new Message('/foley/generate', 'bark1', 'DogBark', 42, 'temperature', 0.9, 'rows', false);
  assert.deepEqual(items(message.pack()), [
    {
      kind: 'request',
      id: 'bark1',
      echo: { type: 'string', value: 'bark1' },
      cmd: 'foley.generate',
      args: { class: 'DogBark', seed: 42, temperature: 0.9, rows: false, ...fixed },
    },
  ]);
  assert.deepEqual(items(new Message('/foley/reply', 9300).pack()), [{ kind: 'reply', port: 9300 }]);
});

test('bundles of osc-js arrive together at their time', () => {
  const bundle = new Bundle([new Message('/foley/ping', 'a'), new Message('/foley/ping', 'b')], now + 1500);
  const [batch, ...more] = decodeOsc(bundle.pack(), now);
  assert.equal(more.length, 0);
  assert.ok(Math.abs((batch?.at ?? 0) - (now + 1500)) <= 1);
  assert.deepEqual(
    batch?.items.map((item) => item.kind === 'request' && item.args.payload),
    ['a', 'b'],
  );
});

test('what we answer osc-js understands', () => {
  const id = { type: 'integer', value: 7 } as const;
  const answer = (event: string, data: Record<string, unknown>) =>
    encodeOsc('foley.generate', id, { id: '7', event, data }).map(heard);
  assert.deepEqual(answer('accepted', { job: 'j1', seed: 42 }), [{ address: '/foley/accepted', args: [7, 'j1', 42] }]);
  assert.deepEqual(answer('row', { row: 3, rows: 40 }), [{ address: '/foley/row', args: [7, 3, 40] }]);
  assert.deepEqual(answer('done', { clip: 'c', seconds: 4, clips: [{ path: '/a.wav' }] }), [
    { address: '/foley/done', args: [7, '/a.wav', 4, 'c'] },
  ]);
  assert.deepEqual(answer('failed', { code: 'bad_args', message: 'no' }), [
    { address: '/foley/failed', args: [7, 'bad_args', 'no'] },
  ]);
});

test('what python-osc sends we understand', (t) => {
  const script = [
    'import sys',
    'try:',
    '    from pythonosc.osc_message_builder import OscMessageBuilder',
    'except ImportError:',
    '    sys.exit(77)',
    'b = OscMessageBuilder("/foley/generate")',
    'for a in ["bark1", "DogBark", 42, "temperature", 0.9, "rows", False]: b.add_arg(a)',
    'sys.stdout.buffer.write(b.build().dgram)',
  ].join('\n');
  const python = ['python3', 'python'].find((name) => spawnSync(name, ['-c', '']).status === 0);
  if (python === undefined) return t.skip('there is no Python');
  const run = spawnSync(python, ['-c', script]);
  if (run.status === 77) return t.skip('Python has no python-osc');
  assert.equal(run.status, 0, String(run.stderr));
  const [item] = items(new Uint8Array(run.stdout));
  assert.deepEqual(item?.kind === 'request' && item.args, {
    class: 'DogBark',
    seed: 42,
    temperature: 0.9,
    rows: false,
    ...fixed,
  });
});
