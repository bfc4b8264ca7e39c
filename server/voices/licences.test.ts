import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError } from '../../protocol/index.ts';
import type { VoiceCard } from '../cards/voice-card.ts';
import { licenceKind, licencesOf, refuseUnlessPermissive } from './licences.ts';
import type { Voice } from './voice.ts';

const voiceOf = (...cards: object[]): Voice =>
  ({ id: 'v', models: cards.map((card) => ({ card: card as VoiceCard })) }) as unknown as Voice;

test('an expression asks what all of its parts ask, or the least of those that may be chosen', () => {
  const kinds = {
    'CC0-1.0': 'permissive',
    'public-domain': 'permissive',
    'BSD-3-Clause': 'permissive',
    'CC-BY-4.0': 'permissive',
    'CC-BY-SA-3.0': 'copyleft',
    'GPL-2.0-or-later': 'copyleft',
    'LGPL-3.0-only': 'copyleft',
    'GPL-2.0-only WITH Classpath-exception-2.0': 'copyleft',
    'CC-BY-4.0 AND GPL-2.0-or-later': 'copyleft',
    'MIT OR GPL-2.0-only': 'permissive',
    'MIT AND CC0-1.0 OR GPL-2.0-only': 'permissive',
    'CC-BY-NC-4.0': 'other',
    'MIT AND CC-BY-NC-4.0': 'other',
    '(MIT)': 'other',
    'mine, ask me': 'other',
    '': 'other',
  };
  for (const [expression, kind] of Object.entries(kinds)) assert.equal(licenceKind(expression), kind, expression);
});

test('the licences of a voice are those of its data, of its credits, and of the voices it carries along', () => {
  const fineTuned = {
    data: { licences: { 'CC0-1.0': 3 } },
    credits: [{ licence: 'CC0-1.0', recordings: 3 }],
    license: 'MIT',
  };
  const base = {
    credits: [{ licence: 'MIT', recordings: 5 }, { licence: 'MIT', recordings: 2 }, { licence: 7 }, null],
  };
  assert.deepEqual(licencesOf(voiceOf(fineTuned, base)), [
    { licence: 'MIT', kind: 'permissive', recordings: 7 },
    { licence: 'CC0-1.0', kind: 'permissive', recordings: 3 },
  ]);
  assert.deepEqual(licencesOf(voiceOf({ license: 'CC0-1.0' })), [
    { licence: 'CC0-1.0', kind: 'permissive', recordings: null },
  ]);
});

test('a voice with data that is not permissive, or of which nothing is known, is refused and the licence named', () => {
  const refused = (why: RegExp) => (error: unknown) =>
    error instanceof ProtocolError && error.code === 'licence_refused' && why.test(error.message);
  const mixed = { data: { licences: { MIT: 9, 'GPL-3.0-only': 4, 'ask\u001bme': 1 } } };
  assert.throws(
    () => refuseUnlessPermissive(voiceOf(mixed)),
    refused(/: GPL-3\.0-only \(copyleft, 4 clips\); ask\\u001bme \(not known to be permissive, 1 clips\)$/),
  );
  assert.throws(() => refuseUnlessPermissive(voiceOf({})), refused(/does not state/));
  assert.throws(
    () => refuseUnlessPermissive(voiceOf({ license: 'CC0-1.0' }, { license: 'CC-BY-SA-4.0' })),
    refused(/CC-BY-SA-4\.0 \(copyleft\)/),
    'also for what it carries along',
  );
  refuseUnlessPermissive(voiceOf({ data: { licences: { MIT: 9 } } }));
});
