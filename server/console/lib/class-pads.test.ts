import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classOfKey, classOfNote, firstMapNote, keyOfClass, noteOfClass } from './class-pads.ts';

const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test('each class of a voice of fifteen has a key of its own, which plays no map and not the mix', () => {
  const keys = indices(15).map(keyOfClass);
  assert.equal(new Set(keys).size, 15);
  for (const [index, key] of keys.entries()) assert.equal(classOfKey(key), index);
  for (const key of [...'asdfghjklm', '', 'escape', 'qw']) assert.equal(classOfKey(key), undefined, key);
  assert.equal(keyOfClass(16), '');
});

test('each class has a note of its own, however many there are, and the classes come again in whole octaves', () => {
  for (const count of [1, 7, 12, 13, 15, 24, 30])
    assert.deepEqual(
      indices(count).map((index) => classOfNote(noteOfClass(index), count)),
      indices(count),
    );
  assert.equal(classOfNote(35, 15), undefined);
  assert.deepEqual(
    [42, 43, 47, 48].map((note) => classOfNote(note, 7)),
    [6, undefined, undefined, 0],
  );
  assert.deepEqual(
    [48, 50, 51, 59, 60].map((note) => classOfNote(note, 15)),
    [12, 14, undefined, undefined, 0],
  );
  assert.equal(classOfNote(36, 0), undefined);
});

test('the first map has a note that plays no class in the octaves of the classes', () => {
  assert.deepEqual([0, 7, 12, 13, 15, 200].map(firstMapNote), [48, 48, 48, 60, 60, 127]);
});
