/** Requests that a person copies from the page: each makes the clip again, or the page says why not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessage } from '../../../protocol/codecs/osc-request.ts';
import type { ArgsInput, EventData, OscArg } from '../../../protocol/index.ts';
import { tinyServer } from '../../test/support/clips.ts';
import { argsOf, type Details, type Language, languages, requestAs } from './copy-as.ts';

const app = tinyServer('tiny-stacked');

async function made(args: Record<string, unknown>): Promise<Details> {
  const client = app.connect();
  const asked = { ...args, save: true, audio: false };
  const { clips } = (await client.call('foley.generate', asked)) as EventData<'foley.generate', 'done'>;
  const { clip } = (await client.call('clip.get', { clip: clips[0]!.clip })) as EventData<'clip.get', 'done'>;
  return clip;
}

const as = (language: Language, args: Record<string, unknown>) => requestAs(language, args, '127.0.0.1:9247', 9248);

/** What the server reads from the words of an oscsend line. */
function readFromOsc(line: string): Record<string, unknown> {
  const [, , , address, types, ...words] = line.split(' ');
  const args = words.map((word, i): OscArg => {
    if (types![i] === 's') return { type: 'string', value: word };
    if (types![i] === 'i') return { type: 'integer', value: Number(word) };
    return { type: 'float', value: Math.fround(Number(word)) };
  });
  const item = readMessage({ address: address!, args });
  if (item.kind !== 'request') assert.fail(JSON.stringify(item));
  return item.args;
}

test('a request is copied in five languages', () => {
  const args = { class: { DogBark: 0.7, Rain: 0.3 }, seed: 4_000_000_000, voice: 'default', guidance: 0.5 };
  assert.equal(as('curl', args), `curl -s -d '${JSON.stringify(args)}' http://127.0.0.1:9247/v1/foley.generate`);
  assert.equal(
    as('OSC', args),
    'oscsend 127.0.0.1 9248 /foley/generate ssssssf take1 DogBark:0.7+Rain:0.3 4000000000 voice default guidance 0.5',
  );
  assert.match(
    as('SuperCollider', args)!,
    /sendMsg\("\/foley\/generate", "take1", "DogBark:0\.7\+Rain:0\.3", "4000000000", /,
  );
  assert.match(as('Python', args)!, /request\("foley\.generate", \{"class":\{"DogBark":0\.7/);
  for (const language of languages) assert.doesNotMatch(as(language, args)!, /undefined/);
});

const points = (...pairs: [number, number][]) => pairs.map(([at, level]) => ({ at, level }));
const spectrum = { points: points([100, -30], [800.5, 0]).map(({ at, level }) => ({ hz: at, level })) };
const shaped: Record<string, ArgsInput<'foley.generate'>> = {
  'sampling, envelope, spectrum and rate': {
    class: 'Hiss',
    temperature: 0.9,
    topP: 0.95,
    guidance: 0.7,
    guideFollowed: true,
    rate: 48_000,
    spectrum,
    envelope: { points: points([0, -60], [0.1, -9.5]) },
  },
  'a mix, onsets and changes of the sound': {
    class: { Beep: 0.7, Hiss: 0.3 },
    gain: -3,
    reverse: true,
    envelope: { cues: [{ at: 0.05 }, { at: 0.15 }] },
  },
  'density and a class to avoid': { class: 'Thud', density: 3, avoid: 'Hiss' },
};

for (const [what, args] of Object.entries(shaped)) {
  test(`a copied request makes the clip again, by HTTP and by OSC: ${what}`, async () => {
    const first = await made({ ...args, voice: 'tiny-stacked' });
    const copied = argsOf(first);
    if (typeof copied === 'string') assert.fail(copied);
    for (const asked of [copied, readFromOsc(as('OSC', copied)!)]) {
      const again = await made(asked);
      assert.deepEqual([again.codes, again.recipe, again.shape], [first.codes, first.recipe, first.shape]);
    }
  });
}

test('an envelope that has no word in OSC is copied in the other languages only', async () => {
  const envelopes: ArgsInput<'foley.generate'>['envelope'][] = [
    { levels: [-60, -9], rate: 10 },
    { cues: [{ at: 0.05, level: -20 }] },
    { points: points([0, -9]), gain: 3 },
  ];
  for (const envelope of envelopes) {
    const first = await made({ class: 'Hiss', envelope });
    const copied = argsOf(first);
    if (typeof copied === 'string') assert.fail(copied);
    assert.deepEqual((await made(copied)).codes, first.codes);
    assert.deepEqual(
      languages.filter((language) => as(language, copied) === null),
      ['OSC', 'SuperCollider'],
    );
  }
});

test('a clip of another one, of a stream or of nobody knows what has no request', async () => {
  const plain = await made({ class: 'Hiss' });
  assert.equal(argsOf({ ...plain, recipe: null }), 'unknown');
  assert.equal(argsOf({ ...plain, lineage: { how: 'varied' } }), 'lineage');
  assert.equal(argsOf({ ...plain, recipe: { ...plain.recipe, stream: { offset: 0, args: {} } } }), 'stream');
});
