import assert from 'node:assert/strict';
import test from 'node:test';
import { checkEvent, classFromText, commandNames, commandOf, limits, ProtocolError, parseArgs } from './index.ts';

/** Path and message of the refusal. */
function refusal(cmd: string, args: unknown): { code: string; path: string | undefined; message: string } {
  try {
    parseArgs(cmd, args);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return { code: error.code, path: error.path, message: error.message };
  }
  throw new assert.AssertionError({ message: `accepted ${JSON.stringify(args)}` });
}

test('a bare class is enough and the defaults are filled in', () => {
  assert.deepEqual(parseArgs('foley.generate', { class: 'DogBark' }), {
    class: 'DogBark',
    temperature: 1,
    topK: 0,
    topP: 1,
    count: 1,
    format: 'f32',
    previews: false,
    rows: true,
    audio: true,
    save: false,
    keep: false,
    candidates: 1,
    exact: false,
    reverse: false,
    gain: 0,
  });
});

test('seeds are uint32, as number or decimal string, and come out as numbers', () => {
  for (const seed of [0, 42, 4294967295, '0', '42', '4294967295', '0042']) {
    assert.equal(parseArgs('foley.generate', { class: 0, seed }).seed, Number(seed));
  }
  for (const seed of [
    -1,
    1.5,
    4294967296,
    '4294967296',
    '-1',
    '1.5',
    '1e3',
    '0x10',
    '',
    ' 1',
    '99999999999',
    null,
    true,
    [1],
    Number.NaN,
  ]) {
    assert.equal(refusal('foley.generate', { class: 0, seed }).path, 'args.seed', JSON.stringify(seed));
  }
  for (const seed of ['-1', '4294967296', 'abc'])
    assert.match(
      refusal('foley.generate', { class: 0, seed }).message,
      /expected a whole number from 0 to 4294967295/,
      seed,
    );
});

test('guidance lies in 0 to 8, and what it leads away from is a class or a mix', () => {
  for (const guidance of [0, 1.5, 8])
    assert.equal(parseArgs('foley.generate', { class: 0, guidance }).guidance, guidance, String(guidance));
  for (const guidance of [-0.1, 8.1, Number.NaN, '1', null]) {
    const { code, path } = refusal('foley.generate', { class: 0, guidance });
    assert.deepEqual([code, path], ['bad_args', 'args.guidance'], String(guidance));
  }
  const avoid = { Rain: 1, DogBark: 2 };
  assert.deepEqual(parseArgs('foley.generate', { class: 0, avoid }).avoid, avoid);
  for (const [wrong, path] of [
    [{ Rain: -1 }, 'args.avoid.Rain'],
    [{ Rain: 0 }, 'args.avoid.Rain'],
    [{}, 'args.avoid'],
    [[1], 'args.avoid'],
  ] as const)
    assert.equal(refusal('foley.generate', { class: 0, avoid: wrong }).path, path, JSON.stringify(wrong));
});

test('a class is a name, an id, or a mix of at most 16 weights that are finite and above 0', () => {
  const mix = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`c${i}`, i + 0.5]));
  for (const value of ['DogBark', 0, 6, { DogBark: 0.7, Rain: 0.3 }, mix(limits.mixClasses)]) {
    assert.deepEqual(parseArgs('foley.generate', { class: value }).class, value);
  }
  for (const value of [
    undefined,
    null,
    '',
    'x'.repeat(129),
    -1,
    1.5,
    Number.NaN,
    [],
    {},
    mix(limits.mixClasses + 1),
    true,
  ]) {
    assert.match(refusal('foley.generate', { class: value }).path ?? '', /^args\.class/, JSON.stringify(value));
  }
  for (const weight of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1', null]) {
    assert.equal(refusal('foley.generate', { class: { DogBark: weight } }).path, 'args.class.DogBark', String(weight));
  }
});

test('numbers out of range are refused by name', () => {
  const wrong: [string, unknown[]][] = [
    ['temperature', [-0.1, 2.1, Number.NaN, Number.POSITIVE_INFINITY, '1', null]],
    ['topK', [-1, 513, 1.5, Number.NaN]],
    ['topP', [0, 1.0001, Number.NaN, Number.NEGATIVE_INFINITY]],
    ['count', [0, 65, 1.5, 1e9]],
    ['rate', [7999, 192001, 44100.5]],
    ['format', ['s24', 1]],
    ['rows', [1, 'true', null]],
    ['voice', ['', 3]],
  ];
  for (const [name, values] of wrong) {
    for (const value of values) {
      const { code, path, message } = refusal('foley.generate', { class: 'DogBark', [name]: value });
      assert.deepEqual([code, path], ['bad_args', `args.${name}`], String(value));
      assert.ok(message.startsWith(`args.${name}: `));
    }
  }
});

test('unknown arguments are refused by name', () => {
  assert.deepEqual(refusal('foley.generate', { class: 'DogBark', temprature: 1 }), {
    code: 'bad_args',
    path: 'args.temprature',
    message: 'args.temprature: unknown argument; did you mean temperature?',
  });
  assert.equal(refusal('server.info', { a: 1 }).message, 'args.a: unknown argument');
});

test('unknown commands are refused, names of object members among them', () => {
  for (const name of ['foley.nope', '', 'toString', '__proto__', 'constructor']) {
    assert.equal(refusal(name, {}).code, 'unknown_command', name);
  }
  for (const [name, near] of [
    ['foley.generat', 'did you mean foley.generate?'],
    ['generate', 'did you mean foley.generate?'],
    ['rename', 'did you mean clip.rename?'],
    ['foley.nonsense', 'PROTOCOL.md lists all commands'],
  ] as const)
    assert.equal(refusal(name, {}).message, `"${name}": unknown command; ${near}`);
});

test('foley.cancel takes a job or a request, not both and not neither', () => {
  assert.deepEqual(parseArgs('foley.cancel', { job: 'j1' }), { job: 'j1' });
  assert.deepEqual(parseArgs('foley.cancel', { request: 'r' }), { request: 'r' });
  for (const args of [{}, { job: 'j1', request: 'r' }]) assert.equal(refusal('foley.cancel', args).path, 'args');
});

test('the refusal carries the id of its request', () => {
  assert.throws(() => parseArgs('foley.generate', {}, 'r7'), { code: 'bad_args', id: 'r7' });
});

test('an event is checked against its declaration', () => {
  assert.equal(checkEvent('foley.generate', 'row', { index: 0, row: 0, rows: 40, codes: [1] }), null);
  assert.match(
    checkEvent('foley.generate', 'row', { index: 0, row: 0, rows: 40, codes: [-1] }) ?? '',
    /^data\.codes\.0: /,
  );
  assert.match(checkEvent('foley.generate', 'audio', { pcm: 'text' }) ?? '', /^data\./);
  assert.match(checkEvent('server.ping', 'row', {}) ?? '', /no event/);
  assert.equal(checkEvent('server.ping', 'failed', { code: 'cancelled', message: 'm' }), null);
  assert.match(checkEvent('server.ping', 'failed', { code: 'nonsense', message: 'm' }) ?? '', /^data\.code: /);
});

test('a mix can be written as one word', () => {
  assert.deepEqual(classFromText('DogBark:0.7+Rain:.3'), { DogBark: 0.7, Rain: 0.3 });
  assert.deepEqual(classFromText('DogBark:1'), { DogBark: 1 });
  for (const name of ['DogBark', 'A+B', 'A:b+C:1', 'a:', ':1', '', 'A:1+', 'A:1e5', 'A:-1'])
    assert.equal(classFromText(name), name);
  const odd = classFromText('__proto__:1');
  assert.equal(refusal('foley.generate', { class: odd }).code, 'bad_args');
});

test('a bound and a wrong type are told in plain words', () => {
  const told = (cmd: string, args: Record<string, unknown>): string => refusal(cmd, args).message;
  assert.equal(told('foley.generate', { class: '' }), 'args.class: expected text, not an empty one');
  assert.match(told('foley.generate', { class: 'Rain', rate: 1 }), /^args\.rate: expected a number of at least 8000$/);
  assert.match(told('foley.generate', { class: 'Rain', seed: [] }), /^args\.seed: expected a number or text$/);
  assert.equal(told('foley.generate', { class: true }), 'args.class: expected text, a number or an object');
  assert.equal(told('foley.generate', { class: 'Rain', guidance: '1' }), 'args.guidance: expected a number, not text');
  assert.equal(
    told('foley.generate', { class: 'Rain', envelope: [] }),
    'args.envelope: expected an object, not a list',
  );
  assert.equal(told('foley.generate', { class: 'Rain', format: 'mp3' }), 'args.format: expected f32 or s16');
  assert.match(told('trash.list', { limit: 501 }), /^args\.limit: expected a number of at most 500$/);
});

test('of an argument that is missing it is said, or how it was misspelt', () => {
  const told = (cmd: string, args: Record<string, unknown>): string => refusal(cmd, args).message;
  assert.equal(told('foley.generate', {}), 'args.class: missing; expected text, a number or an object');
  assert.equal(told('trigger.map', {}), 'args.id: missing; expected text');
  assert.equal(told('foley.generate', { clas: 'Rain' }), 'args.clas: unknown argument; did you mean class?');
  assert.equal(told('foley.generate', { sed: 1, class: 'Rain' }), 'args.sed: unknown argument; did you mean seed?');
  assert.equal(told('foley.generate', { seed: 1, class: true, sed: 1 }).startsWith('args.class: expected text'), true);
});

test('what a command understood is in its last answer, since HTTP tells no other', () => {
  const tells = (event: unknown): boolean => Object.hasOwn((event as { shape?: object }).shape ?? {}, 'understood');
  const asked = commandNames.filter((name) => commandOf(name).http);
  const telling = asked.filter((name) => Object.values(commandOf(name).events).some(tells));
  assert.ok(telling.includes('foley.generate') && telling.includes('trigger.import'));
  assert.deepEqual(
    telling.filter((name) => !tells((commandOf(name).events as { done?: unknown }).done)),
    [],
  );
});
