/** The panel that the controller script declares, and what its button put into the slots of its stub of Bitwig. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { stubStudio } from '../bitwig/stub-host.ts';
import { example, freeUdpPort } from '../test/stage.ts';
import { box, type Draw, soundOf, wave, words, write } from './svg.ts';

const SLOT = 1;

export const bitwig: Draw = async ({ server }) => {
  const studio = await stubStudio(readFileSync(example('bitwig/foleyd.control.js'), 'utf8'), {
    send: Number(new URL(server.osc).port),
    reply: Number(await freeUdpPort()),
  });
  try {
    studio.set('Class', 'Rain');
    studio.select(SLOT);
    studio.press('Generate');
    const made = await studio.next();
    if (!('file' in made)) throw new Error(made.text);

    const shapes = [
      words(20, 26, 'Studio I/O panel: foleyd', { bold: true }),
      words(330, 26, 'slots of the track', { bold: true }),
    ];
    let top = 40;
    for (const { label, value } of studio.panel()) {
      if (value === null)
        shapes.push(box(20, top, 270, 30, { fill: '#ffd166' }), words(155, top + 20, label, { middle: true }));
      else shapes.push(words(20, top + 20, label), box(130, top, 160, 30), words(140, top + 20, String(value)));
      top += 40;
    }
    for (let slot = 0; slot < 3; slot++) {
      const [y, chosen] = [40 + slot * 56, slot === SLOT];
      shapes.push(box(330, y, 430, 48, chosen ? { stroke: '#e07a00' } : { fill: '#e4e2dc', stroke: '#bbb' }));
      if (slot !== made.slot) continue;
      shapes.push(
        words(338, y + 14, path.basename(made.file), { size: 10 }),
        wave(soundOf(made.file), 338, y + 16, 414, 30),
      );
    }
    write('bitwig/picture.svg', 780, 216, shapes);
  } finally {
    studio.close();
  }
};
