import assert from 'node:assert/strict';
import test from 'node:test';
import type { ClassArg } from '../../protocol/index.ts';
import type { Voice } from '../voices/voice.ts';
import { resolveClass } from './class-weights.ts';

const names = ['DogBark', 'Rain', '7'];
const voice = { id: 'v', classCount: 3, classes: names.map((name, id) => ({ id, name })) } as Voice;
const choose = (wanted: ClassArg): unknown[] => {
  const { label, weights } = resolveClass(voice, wanted);
  return [label, weights];
};

test('a class is found by its name in any case and by its number', () => {
  assert.deepEqual(choose('DOGBARK'), ['DogBark', [1, 0, 0]]);
  assert.deepEqual(choose(1), ['Rain', [0, 1, 0]]);
  assert.deepEqual(choose('1'), ['Rain', [0, 1, 0]]);
});

test('text that is a name is the name before it is a number', () => {
  assert.deepEqual(choose('7'), ['7', [0, 0, 1]]);
  assert.throws(() => choose(7), { code: 'unknown_class' });
});

test('a mix is normalised, in the order of class ids', () => {
  assert.deepEqual(choose({ rain: 3, dogbark: 1 }), [{ Rain: 0.75, DogBark: 0.25 }, [0.25, 0.75, 0]]);
});

test('the same class twice in a mix counts twice', () => {
  assert.deepEqual(choose({ rain: 1, Rain: 1, dogbark: 2 }), [{ Rain: 0.5, DogBark: 0.5 }, [0.5, 0.5, 0]]);
});

test('the largest and smallest weights still give shares that add up', () => {
  const { weights } = resolveClass(voice, { rain: Number.MAX_VALUE, dogbark: Number.MAX_VALUE, '7': Number.MIN_VALUE });
  assert.deepEqual(weights, [0.5, 0.5, 0]);
});

test('a class the voice lacks is named beside those it has', () => {
  assert.throws(() => choose('Unicorn'), { code: 'unknown_class', message: /"Unicorn".*DogBark, Rain, 7/ });
  assert.throws(() => choose({ rain: 1, unicorn: 1 }), { code: 'unknown_class', path: 'args.class.unicorn' });
  assert.throws(() => choose('__proto__'), { code: 'unknown_class' });
});

test('other words for a class are understood, and the answer says so', () => {
  assert.deepEqual(resolveClass(voice, 'Hundegebell'), {
    label: 'DogBark',
    weights: [1, 0, 0],
    understood: [{ name: 'Hundegebell', class: 'DogBark' }],
  });
  assert.deepEqual(resolveClass(voice, { 'heavy rain': 1, DogBark: 1 }), {
    label: { Rain: 0.5, DogBark: 0.5 },
    weights: [0.5, 0.5, 0],
    understood: [{ name: 'heavy rain', class: 'Rain' }],
  });
  assert.equal('understood' in resolveClass(voice, 'dogbark'), false);
});

test('a name that may be several classes is refused with these, one that is mistyped with the nearest', () => {
  assert.throws(() => choose('dog in the rain'), {
    code: 'unknown_class',
    message:
      '"dog in the rain" is ambiguous: voice v has DogBark and Rain; name one of them, or a mix as DogBark:0.5+Rain:0.5',
  });
  assert.throws(() => choose('dogbrak'), {
    message: 'voice v has no class "dogbrak"; did you mean DogBark? It has DogBark, Rain, 7',
  });
});
