import assert from 'node:assert/strict';
import test from 'node:test';
import { access, commandMethods, commandNames, commandOf, nodeAt, type OscMethod, treeOf } from './index.ts';

const methods = new Map(commandMethods().map(({ method }) => [method.FULL_PATH, method]));

test('every command with an OSC form is a method, with one item for each type tag', () => {
  const declared = commandNames.flatMap((name) => commandOf(name).osc?.address ?? []);
  assert.deepEqual([...methods.keys()], declared);
  for (const { TYPE = '', EXTENDED_TYPE, RANGE, UNIT, OVERLOADS = [], FULL_PATH } of methods.values()) {
    assert.match(TYPE, /^([sifT]+|N)$/, FULL_PATH);
    for (const list of [EXTENDED_TYPE, RANGE, UNIT]) if (list) assert.equal(list.length, TYPE.length, FULL_PATH);
    for (const { TYPE: shorter } of OVERLOADS) assert.ok(shorter === 'N' || TYPE.startsWith(shorter), FULL_PATH);
  }
});

test('a form, what may be left out of it, and what may follow by name', () => {
  const { TYPE, EXTENDED_TYPE, RANGE, OVERLOADS, PAIRS, ACCESS } = methods.get('/foley/generate') as OscMethod;
  assert.deepEqual([TYPE, EXTENDED_TYPE, ACCESS], ['ssi', ['id', 'class', 'seed'], access.write]);
  assert.deepEqual(RANGE, [null, null, { MIN: 0, MAX: 2_147_483_647 }]);
  assert.deepEqual(OVERLOADS, [{ TYPE: 'ss', EXTENDED_TYPE: ['id', 'class'] }]);
  const pairs = new Map(PAIRS?.map((pair) => [pair.NAME, pair]));
  assert.deepEqual([pairs.get('temperature')?.TYPE, pairs.get('temperature')?.RANGE], ['f', { MIN: 0, MAX: 2 }]);
  assert.deepEqual([pairs.get('reverse')?.TYPE, pairs.get('reverse')?.DEFAULT], ['T', false]);
  assert.deepEqual([pairs.get('gain')?.UNIT, pairs.get('rate')?.UNIT], ['gain.db', 'time.hz']);
  assert.deepEqual(pairs.get('format')?.RANGE, { VALS: ['f32', 's16'] });
  for (const name of ['class', 'seed', 'save', 'audio']) assert.equal(pairs.has(name), false, name);
});

test('a map is asked for by words, a hit has a range, and a question without arguments carries nothing', () => {
  const map = methods.get('/foley/map');
  assert.deepEqual([map?.TYPE, map?.OVERLOADS], ['ss', undefined]);
  assert.equal(map?.PAIRS?.find(({ NAME }) => NAME === 'source')?.TYPE, 's');
  const hit = methods.get('/foley/hit');
  assert.deepEqual([hit?.TYPE, hit?.RANGE], ['sf', [null, { MIN: 0, MAX: 1 }]]);
  assert.equal(methods.get('/foley/info')?.TYPE, 'N');
});

test('a tree has containers, and methods that are containers too', () => {
  const method = (path: string): OscMethod => ({ FULL_PATH: path, ACCESS: access.both, DESCRIPTION: path });
  const tree = treeOf(['/pad', '/pad/1', '/__proto__/x', '/a//b/'].map(method));
  assert.deepEqual([tree.FULL_PATH, tree.ACCESS, tree.TYPE], ['/', 0, undefined]);
  assert.equal(nodeAt(tree, '/')?.FULL_PATH, '/');
  assert.deepEqual([nodeAt(tree, '/pad')?.DESCRIPTION, nodeAt(tree, '/pad/1')?.DESCRIPTION], ['/pad', '/pad/1']);
  assert.equal(nodeAt(tree, '/pad/')?.FULL_PATH, '/pad');
  assert.equal(nodeAt(tree, '/__proto__/x')?.FULL_PATH, '/__proto__/x');
  assert.equal(nodeAt(tree, '/a//b/')?.DESCRIPTION, '/a//b/');
  assert.deepEqual([nodeAt(tree, '/toString'), nodeAt(tree, '/pad/2'), nodeAt(tree, '/pad/1/1')], [null, null, null]);
  assert.match(JSON.stringify(tree), /"__proto__":\{"FULL_PATH":"\/__proto__"/);
});
