import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMarkers } from './markers.ts';
import { readTime } from './timecode.ts';

const close = (found: number, wanted: number): void => assert.ok(Math.abs(found - wanted) < 1e-9, `${found}`);

test('times are read as seconds, clock time and timecode', () => {
  for (const [text, wanted] of [
    ['62.5', 62.5],
    ['62,5', 62.5],
    ['1:02.500', 62.5],
    ['1:01:02.5', 3662.5],
    ['0', 0],
  ] as const)
    close(readTime(text), wanted);
  close(readTime('01:00:00:12', { fps: 24 }), 3600.5);
  close(readTime('01:00:00:12', { fps: 23.976 }), (86_412 * 1001) / 24_000);
  // Drop-frame keeps to the clock: ten minutes are 17982 frames.
  close(readTime('00:10:00;00'), (17_982 * 1001) / 30_000);
  close(readTime('00:01:00;02'), (1800 * 1001) / 30_000);
  close(readTime('00:01:00;04', { fps: 59.94 }), (3600 * 1001) / 60_000);
});

test('a text that is no time is refused with what is wrong with it', () => {
  for (const [text, fps, said] of [
    ['-1', undefined, /from 0 on/],
    ['NaN', undefined, /expected a time/],
    ['Infinity', undefined, /expected a time/],
    ['', undefined, /expected a time/],
    ['3.1.00', undefined, /measures and beats/],
    ['1:75', undefined, /below 60/],
    ['01:61:00:00', 24, /below 60/],
    ['01:00:00:12', undefined, /needs the frame rate/],
    ['01:00:00:24', 24, /frames from 0 to 23/],
    ['00:01:00;00', undefined, /does not exist.*frame 2/],
    ['00:01:00;00', 25, /29\.97 and 59\.94/],
    ['999999', undefined, /beyond 99 hours/],
  ] as const)
    assert.throws(() => readTime(text, fps === undefined ? {} : { fps }), said, text);
});

const told = (text: string, fps?: number) =>
  readMarkers(text, fps === undefined ? {} : { fps }).map(({ line, at, length, text: label }) => [
    line,
    Number(at.toFixed(6)),
    length === undefined ? null : Number(length.toFixed(6)),
    label,
  ]);

test("REAPER's, Resolve's and people's sheets give markers", () => {
  const reaper = '#,Name,Start,End,Length\r\nM1,DogBark,0:01.500,,\r\nR1,Rain,0:02.000,0:05.250,0:03.250\r\n';
  assert.deepEqual(told(reaper), [
    [2, 1.5, null, 'DogBark'],
    [3, 2, 3.25, 'Rain'],
  ]);
  const premiere =
    '\ufeffMarker Name\tDescription\tIn\tOut\tDuration\nsteps\t\t00:00:01:00\t00:00:01:12\t00:00:00:12\n';
  assert.deepEqual(told(premiere, 24), [[2, 1, 0.5, 'steps']]);
  assert.deepEqual(told('At;Class;Alternates\n1,5;DogBark:0.7+Rain:0.3;2\n'), [[2, 1.5, null, 'DogBark:0.7+Rain:0.3']]);
});

test('an edit list gives its markers, else its clips, at record times', () => {
  const clips = [
    'TITLE: REEL 1',
    'FCM: NON-DROP FRAME',
    '001  AX       A     C        00:00:00:00 00:00:01:00 01:00:05:00 01:00:06:12',
    '* FROM CLIP NAME: DogBark',
    '002  BL       V     C        00:00:00:00 00:00:01:00 01:00:06:12 01:00:07:12',
  ];
  assert.deepEqual(told(clips.join('\n'), 25), [[4, 3605, 1.48, 'DogBark']]);
  assert.deepEqual(told([...clips, '* LOC: 01:00:05:05 RED     GunShot'].join('\r\n'), 25), [
    [6, 3605.2, null, 'GunShot'],
  ]);
  const resolve = [...clips.slice(0, 3), ' |C:ResolveColorBlue |M:Rain |D:50'].join('\n');
  assert.deepEqual(told(resolve, 25), [[4, 3605, 2, 'Rain']]);
  const drop = [
    'FCM: DROP FRAME',
    '001 AX A C 00:00:00:00 00:00:01:00 00:10:00:00 00:10:01:00',
    '* FROM CLIP NAME: Rain',
  ];
  assert.equal(told(drop.join('\n'))[0]![1], 599.9994);
});

test('a fault is told with its line and column', () => {
  for (const [text, said] of [
    ['Name,Start\nDogBark,-1\n', /line 2, column Start: expected a time from 0 on/],
    ['Name,Start\nDogBark,1\nRain,NaN\n', /line 3, column Start: expected a time/],
    ['Name,Start,End\nRain,2,1\n', /line 2, column End: it ends at 1 s/],
    ['Name,Start\n,1\n', /line 2, column Name: expected the name of a class/],
    ['Name,Start\nRain,\n', /line 2, column Start: expected a time; found nothing/],
    ['Name,Colour\nRain,red\n', /line 1: expected a column for the time.*Name, Colour/],
    ['Start,End\n1,2\n', /line 1: expected a column for the sound/],
    ['Start,Name\n', /no marker/],
    ['TITLE: X\n001 AX A C 00:00:00:00 00:00:01:00 00:00:00:00 00:00:01:00\n', /line 2: the event has no name/],
    ['TITLE: X\n001 AX A C 00:00:00:00 00:00:01:00\n', /line 2: expected four timecodes/],
    ['TITLE: X\n* LOC: 00:00:01:00 RED Rain\n', /line 2: timecode .* needs the frame rate/],
  ] as const)
    assert.throws(() => readMarkers(text, {}), said, text);
});
