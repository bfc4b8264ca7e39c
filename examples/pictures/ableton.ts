/** The keys that the remote script hears, and what two of them put into the slots of its stub of Live. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { findPython } from '../../scripts/python.mjs';
import { example } from '../test/stage.ts';
import { classNames } from './classes.ts';
import { box, type Draw, soundOf, wave, words, write } from './svg.ts';

const PLAYED = [38, 36];

export const ableton: Draw = async ({ run, server }) => {
  const found = await findPython();
  if ('why' in found) throw new Error(found.why);
  const [python = '', ...args] = found.command;
  const output = await run(python, [...args, '-B', example('ableton/stub_live.py'), ...PLAYED.map(String)]);
  const clips = [...output.matchAll(/^slot (\d): (\S+\.wav) /gm)].map(([, slot, file = '']) => ({ slot, file }));

  const script = readFileSync(example('ableton/foleyd/__init__.py'), 'utf8');
  const constant = (name: string): number => Number(new RegExp(`^${name} = (\\d+)$`, 'm').exec(script)?.[1]);
  const classes = await classNames(server.http);
  const shapes = [
    words(20, 26, 'notes of the keyboard', { bold: true }),
    words(470, 26, 'slots of the audio track', { bold: true }),
  ];
  for (let pad = 0; pad < constant('NOTES'); pad++) {
    // As pads are laid out: the lowest note at the bottom left.
    const [left, top] = [20 + (pad % 4) * 106, 40 + (3 - Math.floor(pad / 4)) * 56];
    const note = constant('FIRST_NOTE') + pad;
    const name = classes.get(pad);
    shapes.push(
      box(left, top, 100, 50, { fill: PLAYED.includes(note) ? '#ffd166' : name === undefined ? '#e4e2dc' : '#fff' }),
    );
    shapes.push(words(left + 6, top + 17, String(note), { bold: true }));
    shapes.push(
      words(left + 6, top + 36, name?.slice(0, 14) ?? `class ${pad}`, {
        size: 10,
        fill: name === undefined ? '#888' : '#222',
      }),
    );
  }
  for (const [i, { slot, file }] of clips.entries()) {
    const top = 40 + i * 112;
    shapes.push(box(470, top, 310, 104), words(478, top + 17, `slot ${slot}: ${path.basename(file)}`, { size: 10 }));
    shapes.push(wave(soundOf(file), 478, top + 24, 294, 74));
  }
  write('ableton/picture.svg', 800, 276, shapes);
};
