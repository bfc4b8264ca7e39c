import assert from 'node:assert/strict';
import test from 'node:test';
import { historyChart, historyTable, type PastScore } from './fad-history.ts';

let minutes = 0;

function score(voice: string, fad: number, more: Partial<PastScore> = {}): PastScore {
  const reference = { embeddings: 84, clips: 12, small: true };
  const one = {
    clips: 40,
    silent: 0,
    embeddings: 280,
    fad,
    low: fad - 5,
    high: fad + 7,
    infinity: fad - 1,
    r2: 0.9,
    kad: 4,
    kadError: 1,
  };
  return {
    when: new Date(Date.UTC(2026, 0, 1, 0, minutes++)).toISOString(),
    voice,
    hash: `${voice}0123456789`,
    clips: 40,
    embedder: 'e'.repeat(64),
    reference: 'eval clips',
    seed: 0,
    temperature: 1,
    guidance: 0,
    memorised: 0.025,
    active: false,
    patches: 'sounding' as const,
    classes: { Rain: { ...one, named: 1, reference }, DogBark: { ...one, named: 1, reference } },
    average: { fad, low: fad - 4, high: fad + 5, infinity: fad - 1, kad: 4, named: 1 },
    ...more,
  };
}

/** Points of each line of the first panel. */
function lines(svg: string): number[] {
  const [, large] = svg.split('all classes');
  return [...large!.split('>Rain<')[0]!.matchAll(/<polyline points="([^"]*)"/g)].map(
    ([, points]) => points!.split(' ').length,
  );
}

test('only what was measured alike shares a table and a line', () => {
  const rain = { Rain: score('x', 1).classes.Rain! };
  const scores = [
    score('a', 90),
    score('b', 80, { clips: 8 }),
    score('b', 70, { seed: 9 }),
    score('c', 60, { embedder: 'f'.repeat(64) }),
    score('c', 50, { reference: 'mine' }),
    score('c', 45, { classes: rain }),
    score('c', 44, { temperature: 0.7 }),
    score('c', 43, { patches: 'all' }),
    score('c', 40, { clips: 8, active: true }),
  ];
  assert.deepEqual(lines(historyChart(scores)), [2, 2]);
  const table = historyTable(scores);
  const heads = table.split('\n').filter((line) => /^[A-Z]+: /.test(line));
  assert.deepEqual(
    heads.map((line) => line.slice(0, 2)),
    ['A:', 'B:', 'C:', 'D:', 'E:', 'F:', 'G:'],
  );
  assert.match(
    heads[1]!,
    /^B: 8 clips of each of 2 classes against eval clips, by embedder eeeeeeee, temperature 1, sounding patches$/,
  );
  const tables = table.split('\n\n');
  assert.match(tables[0]!, / a .* 90\.0 .*\n.* b .* 70\.0 /);
  assert.match(
    tables[1]!,
    /\n {3}\S* *2026.* b .* 80\.0 .*\n\* .* c +c012345 +40\.0 +36\.0\.\.45\.0 +39\.0 +4\.00 +2\.5 % +40\.0 +40\.0/,
  );
});

test('each point has its interval, and the active voice a ring', () => {
  const svg = historyChart([score('a', 90), score('b', 80, { active: true })]);
  // One upright line and two ends for each of two points, in three panels.
  assert.equal([...svg.matchAll(/stroke-opacity="0.5"/g)].length, 2 * 3 * 3);
  assert.equal([...svg.matchAll(/<circle [^>]*fill="none"/g)].length, 3);
  assert.match(svg, />b, 01-01 \*</);
  const bare = score('c', 10, {
    classes: {},
    average: { fad: 10, low: null, high: null, infinity: null, kad: null, named: 1 },
  });
  assert.equal([...historyChart([bare]).matchAll(/stroke-opacity/g)].length, 0);
  assert.match(historyTable([bare]), / 10\.0 +- +- +-/);
});

test('what a name holds is text, not markup, and a long history is cut', () => {
  const svg = historyChart([score('<script>&"', 3, { reference: '</svg>' })]);
  assert.ok(!svg.includes('<script') && svg.indexOf('</svg>') === svg.length - 7);
  const many = historyChart(Array.from({ length: 1000 }, (_, i) => score('v', i)));
  assert.ok(many.includes('the latest 40 of 1000') && many.length < 100_000);
  assert.match(historyChart([]), /^<svg .*<\/svg>\n$/s);
  assert.equal(historyTable([]), 'nothing has been measured yet\n');
});
