import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workplace } from './test/bin.ts';

test('filters by class understand words for it, and name the classes where there is none', async (t) => {
  const { foleyd, serve } = await workplace(t);
  await serve('--deliver', 'out');
  const none = await foleyd('clips');
  assert.deepEqual([none.code, none.stdout, /^no saved clips; to make one: /.test(none.stderr)], [0, '', true]);
  assert.equal((await foleyd('generate', 'Rain', '--seed', '7')).code, 0);
  const unknown = /^foleyd: unknown_class: no voice or saved clip has a class "Foo"; the classes are DogBark, .*Rain/;
  const close = /^foleyd: unknown_class: .*"Raine"; did you mean Rain\? The classes are DogBark, /;
  for (const [args, code, stdout, stderr] of [
    [['clips', '--class', 'rain'], 0, /^[0-9a-f]{16} .*Rain +7 .*\n$/, /^$/],
    [
      ['clips', '--class', 'heavy rain'],
      0,
      /^[0-9a-f]{16} .*Rain +7 .*\n$/,
      /^foleyd: "heavy rain" is understood as Rain\n$/,
    ],
    [['clips', '--class', 'Rain', '--starred'], 0, /^$/, /^no clips match\n$/],
    [['clips', '--class', 'DogBark'], 0, /^$/, /^no clips match\n$/],
    [['clips', '--class', 'Foo'], 1, /^$/, unknown],
    [['clips', '--class', 'Raine'], 1, /^$/, close],
    [['deliver', 'on', '--classes', 'Rain,Foo'], 1, /^$/, unknown],
    [
      ['deliver', 'on', '--classes', 'rain, dog'],
      0,
      /^saved clips of Rain, DogBark are/,
      /"dog" is understood as DogBark/,
    ],
    [['deliver', 'on', '--classes', 'Rain,'], 1, /^$/, /^foleyd: bad_args: --classes, entry 2: expected text/],
    [['deliver', 'on', '--format', 'mp3'], 1, /^$/, /^foleyd: bad_args: --format: expected wav or flac\n$/],
    [['fad', '--history', '--voice', 'nobody'], 1, /^$/, /^foleyd: unknown_voice: there is no voice nobody/],
    [['fad', '--history', '--voice', 'tiny'], 0, /^nothing has been measured yet\n$/, /^$/],
  ] as const) {
    const ran = await foleyd(...args);
    assert.equal(ran.code, code, `${args.join(' ')}: ${ran.stderr}`);
    assert.match(ran.stdout, stdout, args.join(' '));
    assert.match(ran.stderr, stderr, args.join(' '));
  }
});
