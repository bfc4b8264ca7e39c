/** Notes that the plugin's test host played, and what it heard: the CLAP, offline, with Render wait. */
import { built } from '../plugin/tests/build.ts';
import { Host } from '../plugin/tests/host.ts';
import { Status } from '../plugin/tests/stage.ts';
import { classNames } from './classes.ts';
import { box, type Draw, wave, words, write } from './svg.ts';

const RATE = 48_000;
const SECONDS = 12;
/** Seconds, key, velocity. */
const NOTES: [number, number, number][] = [
  [0.5, 48, 110],
  [1.2, 48, 80],
  [2.5, 50, 100],
  [5.5, 52, 120],
  [7.5, 53, 100],
  [7.5, 57, 70],
];
/** The white keys from C3 to C5, by the class that they play. */
const KEYS = [48, 50, 52, 53, 55, 57, 59, 60, 62, 64, 65, 67, 69, 71, 72];
const [LEFT, WIDTH, ROW] = [190, 600, 18];

export const plugin: Draw = async ({ dir, server }, t) => {
  built();
  const host = new Host(t, 'clap', dir, { FOLEYD_URL: server.ws });
  await host.tell('activate', RATE, 512);
  await host.set({ Render_wait: 60, Prefetch: 2 });
  await host.until('Status', Status.ready, 300);
  const notes = NOTES.map(([at, key, velocity]): [number, number, number] => [Math.round(at * RATE), key, velocity]);
  const heard = await host.play(SECONDS * RATE, notes);
  await host.quit();

  const classes = await classNames(server.http);
  const x = (seconds: number): number => LEFT + (seconds * WIDTH) / SECONDS;
  const shapes: string[] = [];
  const keys = KEYS.filter((_, id) => classes.has(id));
  for (const [row, key] of keys.toReversed().entries()) {
    const id = KEYS.indexOf(key);
    const name = `${'CDEFGAB'[id % 7]}${3 + Math.floor(id / 7)}`;
    const top = 14 + row * ROW;
    shapes.push(box(LEFT, top, WIDTH, ROW, { fill: row % 2 ? '#fff' : '#eceae4', stroke: '#ddd' }));
    shapes.push(words(12, top + 13, `${name} ${classes.get(id)}`, { size: 11 }));
    for (const [at, , velocity] of NOTES.filter((note) => note[1] === key))
      shapes.push(box(x(at), top + 2, 14, ROW - 4, { fill: velocity > 99 ? '#e07a00' : '#ffb454' }));
  }
  const top = 14 + keys.length * ROW + 10;
  for (const [at] of NOTES)
    shapes.push(
      `<line x1="${x(at)}" y1="14" x2="${x(at)}" y2="${top + 110}" stroke="#e07a00" stroke-dasharray="3 3"/>`,
    );
  shapes.push(wave(heard, LEFT, top, WIDTH, 110), words(12, top + 60, 'what it heard', { size: 11 }));
  write('plugin/picture.svg', 810, top + 124, shapes);
};
