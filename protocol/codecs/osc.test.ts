import assert from 'node:assert/strict';
import test from 'node:test';
import { fromBuffer, type OscArgInput } from 'osc-min';
import { type Answer, decodeOsc, encodeOsc, oscMessage, parseArgs } from '../index.ts';

const now = Date.UTC(2026, 10, 24, 12);
const only = (datagram: Uint8Array) => {
  const [batch, ...more] = decodeOsc(datagram, now);
  assert.equal(more.length, 0);
  assert.equal(batch?.items.length, 1);
  const item = batch?.items[0];
  assert.ok(item);
  return item;
};
const ask = (address: string, ...args: OscArgInput[]) => only(oscMessage(address, ...args));
const request = (address: string, ...args: OscArgInput[]) => {
  const item = ask(address, ...args);
  assert.equal(item.kind, 'request', item.kind === 'refused' ? item.error.message : item.kind);
  if (item.kind !== 'request') throw item;
  return item;
};
const refusal = (address: string, ...args: OscArgInput[]) => {
  const item = ask(address, ...args);
  assert.equal(item.kind, 'refused');
  if (item.kind !== 'refused') throw item;
  return item;
};
const read = (datagram: Uint8Array) => {
  const message = fromBuffer(datagram);
  assert.equal(message.oscType, 'message');
  if (message.oscType !== 'message') throw message;
  return [message.address, message.args.map(({ type }) => type), message.args.map(({ value }) => value)];
};
const say = (cmd: string | null, echo: Parameters<typeof encodeOsc>[1], event: string, data: Answer['data']) =>
  encodeOsc(cmd, echo, { id: 'x', event, data }).map(read);
const text = (value: string) => ({ type: 'string', value }) as const;
const fixed = { save: true, audio: false, previews: false };
/** A hit over OSC is heard on the device; OSC carries no samples. */
const heard = { audio: false, play: true };

test('id and class are enough; seed and pairs may follow', () => {
  assert.deepEqual(request('/foley/generate', 'a', 'DogBark').args, { class: 'DogBark', ...fixed });
  assert.deepEqual(request('/foley/generate', 'a', 'DogBark', 7).args, { class: 'DogBark', seed: 7, ...fixed });
  assert.deepEqual(request('/foley/generate', 'a', 3, 'topK', 5, 'count', 2).args, {
    class: 3,
    topK: 5,
    count: 2,
    ...fixed,
  });
  assert.deepEqual(request('/foley/generate', 'a', 'seed', 'seed', 9).args, { class: 'seed', seed: 9, ...fixed });
  assert.deepEqual(request('/foley/generate', 'a', 'A:1+B:2', null, 'rate', 8000).args, {
    class: { A: 1, B: 2 },
    rate: 8000,
    ...fixed,
  });
});

test('guidance and what it leads away from are named, a mix in one word', () => {
  const words = ['g1', 'Rain', 42, 'guidance', 1.5, 'avoid', 'DogBark:1+Keyboard:2'] as const;
  const wanted = { class: 'Rain', seed: 42, guidance: 1.5, avoid: { DogBark: 1, Keyboard: 2 } };
  assert.deepEqual(request('/foley/generate', ...words).args, { ...wanted, ...fixed });
  const map = request('/foley/map', 'pad1', 'Rain', 'avoid', 'DogBark:1+Keyboard:2', 'guidance', 2).args;
  assert.deepEqual(map, { id: 'pad1', class: 'Rain', avoid: { DogBark: 1, Keyboard: 2 }, guidance: 2 });
});

test('an endless sound is told its envelope in one word, as a clip is', () => {
  const points = [
    { at: 0, level: -60 },
    { at: 2, level: -9 },
  ];
  const set = request('/foley/stream/set', 'rain', 'envelope', '0:-60,2:-9').args;
  assert.deepEqual(set, { stream: 'rain', envelope: { points } });
  const start = request('/foley/stream/start', 's1', 'Footstep', 'envelope', '0.2,0.9').args;
  assert.deepEqual(start.envelope, { cues: [{ at: 0.2 }, { at: 0.9 }] });
});

test('an ordered argument that has a default may be left out before pairs, too', () => {
  assert.deepEqual(request('/foley/hit', 'pad', 'wait', 'off').args, { id: 'pad', ...heard, wait: false });
  assert.deepEqual(request('/foley/hit', 'pad', 0.5, 'wait', 0).args, {
    id: 'pad',
    ...heard,
    velocity: 0.5,
    wait: false,
  });
  assert.deepEqual(request('/foley/hit', 'pad').args, { id: 'pad', ...heard });
  // Words for switches and numbers are values, not names.
  assert.deepEqual(request('/foley/hit', 'pad', '0.5', 'wait', 0).args, {
    id: 'pad',
    ...heard,
    velocity: 0.5,
    wait: false,
  });
  const { args } = request('/foley/watch', 'w', 'on', 'off', 'pools', 'off');
  assert.deepEqual(args, { jobs: true, hits: false, pools: false });
});

test('values are read as patches send them', () => {
  const value = (key: string, arg: OscArgInput) =>
    parseArgs('foley.generate', request('/foley/generate', 'a', 'X', key, arg).args)[key as 'rows'];
  for (const yes of [1, '1', true, 'true', 'on', 'ON', { type: 'float', value: 1 } as const])
    assert.equal(value('rows', yes), true);
  for (const no of [0, '0', false, 'False', 'off', { type: 'double', value: 0 } as const])
    assert.equal(value('rows', no), false);
  for (const rate of [
    48000,
    '48000',
    '4.8e4',
    { type: 'float', value: 48000 },
    { type: 'bigint', value: 48000n },
  ] as OscArgInput[])
    assert.equal(value('rate', rate), 48000);
  for (const seed of ['4294967295', { type: 'bigint', value: 4294967295n }] as OscArgInput[])
    assert.equal(value('seed', seed), 4294967295);
  assert.equal(value('format', { type: 'symbol', value: 's16' }), 's16');
  assert.equal(value('voice', 5), '5');
});

test('a float32 means its shortest decimal', () => {
  for (const temperature of [0.9, 0.1, 1.7, 0.333, 1, 0, 1e-3]) {
    const item = request('/foley/generate', 'a', 'X', 'temperature', { type: 'float', value: temperature });
    assert.equal(item.args.temperature, temperature);
  }
});

test('ids are strings or whole numbers and are echoed as they came', () => {
  assert.deepEqual([request('/foley/generate', 7, 'X').id, request('/foley/generate', '7', 'X').id], ['7', '7']);
  assert.deepEqual(request('/foley/generate', 7, 'X').echo, { type: 'integer', value: 7 });
  assert.deepEqual(request('/foley/generate', { type: 'float', value: 7 }, 'X').echo, { type: 'float', value: 7 });
  for (const id of ['', 'x'.repeat(65), 1.5, true, null, [1], new ArrayBuffer(4)]) {
    assert.equal(refusal('/foley/generate', id as OscArgInput, 'X').error.code, 'bad_envelope');
  }
  assert.equal(refusal('/foley/generate').error.code, 'bad_envelope');
});

test('what a message gets wrong is refused under its id', () => {
  const wrong: [string, string | undefined, OscArgInput[]][] = [
    ['bad_args', 'args.nope', ['nope', 1]],
    ['bad_args', 'args.topK', ['topK']],
    ['bad_args', 'args.topK', ['topK', 1, 'topK', 2]],
    ['bad_args', 'args.seed', [1, 'seed', 2]],
    ['bad_args', 'args.save', ['save', 0]],
    ['bad_args', 'args', [1, 2, 3]],
    ['bad_args', 'args.rate', ['rate', new ArrayBuffer(4)]],
    ['bad_args', 'args.__proto__', ['topK', 1, '__proto__', 2]],
    ['bad_args', 'args.toString', ['topK', 1, 'toString', 2]],
  ];
  for (const [code, path, more] of wrong) {
    const { error, echo } = refusal('/foley/generate', 5, 'X', ...more);
    assert.deepEqual([error.code, error.path, echo], [code, path, { type: 'integer', value: 5 }], JSON.stringify(more));
  }
  assert.equal(refusal('/foley/voices', 2).error.path, 'args');
});

test('NaN and missing arguments pass on to be refused with the rest of the arguments', () => {
  for (const more of [['X', 'temperature', { type: 'float', value: Number.NaN }], []] as OscArgInput[][]) {
    const { args } = request('/foley/generate', 'a', ...more);
    assert.throws(() => parseArgs('foley.generate', args), { code: 'bad_args' });
  }
});

test('addresses match literally', () => {
  for (const address of [
    '/foley/*',
    '/foley/generate/',
    '/Foley/generate',
    '/foley/{generate,cancel}',
    '//generate',
    '/',
    '/__proto__',
  ]) {
    const { error, echo } = refusal(address, 'a', 'X');
    assert.deepEqual([error.code, echo], ['unknown_command', text(address)]);
    assert.match(error.message, /: unknown address; (did you mean \/foley\/\w+|PROTOCOL\.md lists all addresses)/);
  }
});

test('/foley/cancel names the request to stop, in either type of id', () => {
  const item = request('/foley/cancel', 7);
  assert.deepEqual([item.id, item.cmd, item.args], [null, 'foley.cancel', { request: '7' }]);
  assert.deepEqual(say(item.cmd, item.echo, 'done', { cancelled: true }), [
    ['/foley/cancelled', ['integer', 'integer'], [7, 1]],
  ]);
  assert.equal(refusal('/foley/cancel', 'a', 'b').error.code, 'bad_args');
});

test('a button presses a bare command with 1.0 and does nothing when it is let go', () => {
  const float = (value: number) => ({ type: 'float', value }) as const;
  for (const address of ['/foley/stop', '/foley/info']) {
    for (const pressed of [float(1), true, null]) assert.deepEqual(request(address, pressed).args, {});
    for (const released of [float(0), false]) assert.equal(ask(address, released).kind, 'nothing');
  }
  assert.deepEqual(request('/foley/info', 1).args, {});
  assert.deepEqual(request('/foley/stop', 1).args, { id: '1' });
  assert.equal(refusal('/foley/info', float(0.5)).error.code, 'bad_args');
  // As text, or in brackets.
  const array = (value: OscArgInput) => ({ type: 'array', value: [value] }) as unknown as OscArgInput;
  for (const pressed of ['1', '1.0', 'true', array(1)]) assert.deepEqual(request('/foley/info', pressed).args, {});
  for (const released of ['0', '0.00', 'false', array(0)]) assert.equal(ask('/foley/info', released).kind, 'nothing');
  assert.equal(ask('/foley/stop', array(float(0))).kind, 'nothing');
  assert.deepEqual(request('/foley/hit', 'pad', array(1)).args, { id: 'pad', ...heard, velocity: 1 });
});

test('a button that sends true hits, and one that sends false releases, by command as at an address of its own', () => {
  const velocity = (arg: OscArgInput): unknown => request('/foley/hit', 'pad', arg).args.velocity;
  assert.deepEqual([velocity({ type: 'true' }), velocity({ type: 'false' })], [1, 0]);
});

test('a velocity above 1 is of 127, of commands as of mapped addresses', () => {
  const velocity = (value: OscArgInput) => parseArgs('trigger.fire', request('/foley/hit', 'pad', value).args).velocity;
  assert.deepEqual([100, 127, 1, 0.5, '100', 0].map(velocity), [100 / 127, 1, 1, 0.5, 100 / 127, 0]);
  assert.throws(() => velocity(128), { code: 'bad_args' });
});

test('a mapped address takes numbers as text and in arrays of one, and refuses NaN', () => {
  const hit = (...args: OscArgInput[]) => decodeOsc(oscMessage('/my/pad', ...args), now, () => true)[0]!.items[0]!;
  const velocity = (...args: OscArgInput[]): unknown => {
    const item = hit(...args);
    return item.kind === 'request' ? item.args.velocity : item.kind === 'refused' && item.error.code;
  };
  const array = (...value: OscArgInput[]) => ({ type: 'array', value }) as unknown as OscArgInput;
  assert.deepEqual(
    ['0.00', '1', '64', 'x'].map((one) => velocity(one)),
    [0, 1, 64 / 127, 1],
  );
  assert.deepEqual([velocity(array({ type: 'float', value: 0 })), velocity(array('0.5')), velocity()], [0, 0.5, 1]);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
    assert.equal(velocity({ type: 'float', value }), 'bad_args');
  assert.deepEqual(
    ['NaN', '1e999', '-inf'].map((one) => velocity(one)),
    ['bad_args', 'bad_args', 'bad_args'],
  );
});

test('/foley/ping may come empty', () => {
  assert.deepEqual(request('/foley/ping').args, {});
});

test('/foley/reply/<port> before an address chooses a port for one message', () => {
  assert.deepEqual(ask('/foley/reply/9300/foley/ping'), { ...ask('/foley/ping'), reply: 9300 });
  assert.equal(refusal('/foley/reply/9300/foley/nothing').reply, 9300);
  for (const address of ['/foley/reply/0/foley/ping', '/foley/reply/65536/foley/ping', '/foley/reply/1/foley/reply'])
    assert.deepEqual([refusal(address, 9300).error.code, refusal(address, 9300).reply], ['bad_args', undefined]);
});

test('/foley/reply chooses a port', () => {
  assert.deepEqual(ask('/foley/reply', 9300), { kind: 'reply', port: 9300 });
  assert.deepEqual(ask('/foley/reply', '9300'), { kind: 'reply', port: 9300 });
  assert.deepEqual(ask('/foley/reply', { type: 'float', value: 0 }), { kind: 'reply', port: 0 });
  for (const port of [-1, 65536, 1.5, 'x', true]) assert.equal(refusal('/foley/reply', port).error.path, 'args.port');
});

test('whole numbers beyond int32 leave as text, never wrapped', () => {
  assert.deepEqual(read(oscMessage('/a', 2147483647, 2147483648, -2147483649, 0.5, 'bang')), [
    '/a',
    ['integer', 'string', 'string', 'float', 'string'],
    [2147483647, '2147483648', '-2147483649', 0.5, 'bang'],
  ]);
});

test('a seed that a float32 cannot hold is refused as a float and told as text', () => {
  const float = (value: number): OscArgInput => ({ type: 'float', value });
  assert.equal(request('/foley/generate', 'a', 'Rain', float(2 ** 24)).args.seed, 2 ** 24);
  const { error } = refusal('/foley/generate', 'a', 'Rain', float(2 ** 24 + 2));
  assert.deepEqual([error.code, error.path], ['bad_args', 'args.seed']);
  assert.match(error.message, /float holds whole numbers exactly only up to 16777216/);
  const seed = 2 ** 24 + 1;
  assert.deepEqual(say('foley.generate', text('a'), 'accepted', { job: 'j', seed }), [
    ['/foley/accepted', ['string', 'string', 'string'], ['a', 'j', '16777217']],
  ]);
  assert.equal(request('/foley/generate', 'a', 'Rain', '16777217').args.seed, '16777217');
});
