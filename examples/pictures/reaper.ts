/** Markers and a region, and the items that foley_spot.lua put there in its stub of REAPER: onsets lie on the markers. */
import { example } from '../test/stage.ts';
import { box, type Draw, soundOf, wave, words, write } from './svg.ts';

const SPOTS = ['0.5=heel steps on gravel', '5-7=Rain', '7.5=GunShot'];
const [LEFT, SECOND, SECONDS] = [20, 66, 12];

export const reaper: Draw = async ({ run, dir }) => {
  const said = await run('lua5.4', [
    example('reaper/stub_reaper.lua'),
    example('reaper/foley_spot.lua'),
    ...[dir, ',2,42', '0', '0', '0', ...SPOTS],
  ]);
  const x = (seconds: number): number => LEFT + seconds * SECOND;
  const shapes: string[] = [];
  for (let second = 0; second < SECONDS; second++)
    shapes.push(words(x(second), 18, `${second} s`, { size: 10, fill: '#888' }));
  for (const spot of SPOTS) {
    const [, from = '', to, name = ''] = /^([\d.]+)(?:-([\d.]+))?=(.*)$/.exec(spot) ?? [];
    const until =
      to === undefined
        ? ''
        : `<rect x="${x(Number(from))}" y="26" width="${(Number(to) - Number(from)) * SECOND}" height="20" fill="#ffd166"/>`;
    shapes.push(until, words(x(Number(from)) + 4, 40, name, { size: 11, bold: true }));
    shapes.push(
      `<line x1="${x(Number(from))}" y1="24" x2="${x(Number(from))}" y2="190" stroke="#e07a00" stroke-width="1.5"/>`,
    );
  }
  let item: { at: number; length: number } | null = null;
  let take = 0;
  for (const line of said.split('\n')) {
    const [, at, length] = /^track 1, item at ([\d.]+), ([\d.]+) s/.exec(line) ?? [];
    if (at !== undefined) {
      item = { at: Number(at), length: Number(length) };
      take = 0;
    }
    const [, name = '', file] = /^take: (\w+)(?:, active)?,? (\S+)$/.exec(line) ?? [];
    if (file === undefined || item === null) continue;
    const [left, top, width] = [x(item.at), 54 + take++ * 68, item.length * SECOND];
    shapes.unshift(
      box(left, top, width, 62),
      words(left + 8, top + 14, name, { size: 10 }),
      wave(soundOf(file), left, top + 18, width, 42),
    );
  }
  write('reaper/picture.svg', 820, 196, shapes);
};
