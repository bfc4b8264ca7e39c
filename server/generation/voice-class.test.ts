import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../protocol/index.ts';
import { GUIDANCE_MAX } from '../cards/guidance.ts';
import type { Voice } from '../voices/voice.ts';
import { orderOf, voiceClassOf, type Wanted } from './voice-class.ts';

/** A voice with so much guidance of its own, which strengthens what is followed. */
function voiceWith(guidance: number): Voice {
  const classes = ['DogBark', 'Rain'].map((name, id) => ({ id, name }));
  const modelFor: Voice['modelFor'] = (wish) => ({ guidance, guideFollowed: true, ...wish, voiceDir: 'there' });
  return { id: 'v', classes, classCount: 2, modelFor } as unknown as Voice;
}

const made = (own: number, wanted: Wanted) => {
  const voice = voiceWith(own);
  return voiceClassOf(voice, { class: 'Rain', ...wanted });
};

test('guidance is what is asked for, or the voice’s own, and 0 is 0', () => {
  assert.deepEqual([made(0, {}).guidance, made(1.5, {}).guidance], [0, 1.5]);
  assert.deepEqual([made(1.5, { guidance: 0 }).guidance, made(0, { guidance: 3 }).guidance], [0, 3]);
});

test('whether guidance strengthens what is followed is what is asked for, or the voice’s own', () => {
  const asked = [{}, { guideFollowed: false }, { guideFollowed: true }].map((wanted) => made(1, wanted));
  assert.deepEqual(
    asked.map(({ guideFollowed }) => guideFollowed),
    [true, false, true],
  );
  assert.equal(orderOf(asked[1]!).guideFollowed, false);
});

test('what is avoided needs guidance: there is some where none was asked for, and 0 is refused', () => {
  assert.deepEqual([made(0, { avoid: 'DogBark' }).guidance, made(2, { avoid: 'DogBark' }).guidance], [1, 2]);
  assert.throws(() => made(1, { avoid: 'DogBark', guidance: 0 }), { code: 'bad_args', path: 'args.avoid' });
});

test('what is avoided is a class or a mix of the voice', () => {
  const order = orderOf(made(1, { avoid: { dogbark: 1, rain: 3 }, guidance: 2 }));
  assert.deepEqual(order, {
    voiceDir: 'there',
    classWeights: [0, 1],
    guidance: 2,
    guideFollowed: true,
    avoid: [0.25, 0.75],
  });
  assert.throws(() => made(1, { avoid: 'Unicorn' }), { code: 'unknown_class', path: 'args.avoid' });
  assert.throws(() => made(1, { avoid: { Unicorn: 1 } }), { code: 'unknown_class', path: 'args.avoid.Unicorn' });
});

test('a request may ask for as much guidance as the engine knows', () => {
  assert.equal(limits.guidanceMax, GUIDANCE_MAX);
});
