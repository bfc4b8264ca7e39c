import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { readCsv } from '../test/support/csv.ts';
import { csvText } from './csv.ts';
import { categoryOf, catIdOf, fileName, NO_CATEGORY } from './ucs.ts';

const parts = { catId: 'ANMLDog', fxName: 'big door', creatorId: 'JD', sourceId: 'FOLEY', userData: 's42' };

test('a name has the blocks of UCS', () => {
  assert.equal(fileName(parts), 'ANMLDog_big door_JD_FOLEY_s42');
  assert.equal(fileName({ ...parts, fxName: 'Sneeze_Cough', userData: '' }), 'ANMLDog_Sneeze Cough_JD_FOLEY');
  assert.equal(fileName({ ...parts, creatorId: '', sourceId: '' }), 'ANMLDog_big door_FOLEYD_NONE_s42');
  assert.equal(fileName({ ...parts, fxName: '../../etc/passwd' }), 'ANMLDog_etc passwd_JD_FOLEY_s42');
  assert.equal(fileName({ ...parts, fxName: 'x'.repeat(40) }).split('_')[1]!.length, 24);
});

test('whatever its parts are, a name is a plain file, and its blocks can be told apart', () => {
  const any = fc.string({ unit: 'binary', maxLength: 60 });
  fc.assert(
    fc.property(any, any, any, any, (fxName, creatorId, sourceId, userData) => {
      const name = fileName({ catId: 'RAIN', fxName, creatorId, sourceId, userData });
      assert.match(name, /^RAIN(_[\p{L}\p{N}+()][\p{L}\p{M}\p{N} .+,()-]*){3,4}$/u);
      assert.ok([...name.split('_')[1]!].length < 25);
      assert.ok(name.length <= 150 && !/[. ]$/.test(name));
    }),
  );
});

test('a class has the category that a person, an owner or a voice says, and else our own or Foley', () => {
  assert.equal(catIdOf('dogbark', []), 'ANMLDog');
  assert.equal(catIdOf('Rooster', []), 'FOLYMisc');
  assert.equal(catIdOf('Rooster', [undefined, 'BIRDFowl']), 'BIRDFowl');
  assert.equal(catIdOf('Rain', ['RAINMetl', 'WATRMisc']), 'RAINMetl');
  assert.equal(catIdOf('Rain', ['no id']), 'RAIN');
  assert.deepEqual(categoryOf('CMPTKey'), { category: 'COMPUTERS', subCategory: 'KEYBOARD & MOUSE' });
  assert.deepEqual(categoryOf('XXXX'), {});
});

test('the README lists the category of every class of the default voice, as files are named by it', () => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
  const [, table = ''] = /\| class \| CatID \|\n\| --- \| --- \|\n((?:\|.*\|\n)+)/.exec(readme) ?? [];
  const listed = [...table.matchAll(/^\| (\S+) \| (\S+) \|$/gm)].map(([, name = '', catId = '']) => [name, catId]);
  assert.ok(listed.length > 0);
  for (const [name = '', catId] of listed) assert.equal(catIdOf(name, []), catId, name);
  const card = new URL('../../models/default/card.json', import.meta.url);
  const { classes } = JSON.parse(readFileSync(card, 'utf8')) as { classes: { name: string }[] };
  const names = listed.map(([name]) => name);
  for (const { name } of classes) assert.ok(names.includes(name) && catIdOf(name, []) !== NO_CATEGORY, name);
});

test('a sheet is read as it was written, whatever its cells hold', () => {
  const file = {
    name: 'a.wav',
    clip: 'c',
    seed: 1,
    voice: 'v',
    catId: 'RAIN',
    fxName: 'x',
    seconds: 4,
    lufs: null,
    truePeak: -2,
    gain: -1.5,
    looped: false,
    class: { Rain: 0.3, DogBark: 0.7 },
  };
  const settings = { format: 'wav', rate: 48_000, bits: 24, channels: 1 } as Parameters<typeof csvText>[1];
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
      const clean = text.replace(/[\r\0]/g, '').trim();
      const [row] = readCsv(csvText([{ ...file, fxName: clean }], settings));
      const back = row!.fxName ?? '';
      // Control characters go as spaces, and those at the ends of a cell are not read.
      const cell = clean.replace(/\p{Cc}/gu, ' ');
      assert.ok(back === cell.trim() || back === `'${cell}`.trim(), JSON.stringify(clean));
      assert.deepEqual([row!.gain, row!.class, row!.lufs], ['-1.50', 'Rain:0.3+DogBark:0.7', undefined]);
    }),
  );
});

test('any text is a sheet or says what is wrong with it', (t) => {
  const seed = Number(process.env.FOLEYD_FUZZ_SEED ?? Math.trunc(Math.random() * 2 ** 31));
  t.diagnostic(`FOLEYD_FUZZ_SEED=${seed}`);
  const text = fc
    .array(fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'clip', '\u0000', 'ä'))
    .map((bits) => bits.join(''));
  fc.assert(
    fc.property(text, (given) => {
      try {
        assert.ok(Array.isArray(readCsv(given)));
      } catch (error) {
        assert.match(
          (error as Error).message,
          /quote does not end|there is no name for it|two columns are named|not UTF-8 text/,
        );
      }
    }),
    { seed, numRuns: 2000 },
  );
});
