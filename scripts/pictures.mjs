// Draws the pictures of examples whose programs cannot run here, from the very files that those programs open: the boxes
// and cords of the Max patch, the widgets of the Open Stage Control session. `node scripts/pictures.mjs`
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './bootstrap.mjs';

/** @typedef {{left: number, top: number, width: number, height: number, text: string, kind: string}} Box */

/** @param {string} text */
const escaped = (text) => text.replace(/[&<>]/g, (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[one] ?? one);

/** @param {Box} box */
function drawn({ left, top, width, height, text, kind }) {
  const plain = kind === 'comment' || kind === 'text';
  // Boxes of one line fit their text; others wrap it.
  const most = height < 30 ? text.length : Math.max(1, Math.floor((width - 8) / 5.6));
  const lines = [];
  for (let rest = text; rest !== '' && lines.length * 13 + 10 < height; ) {
    const space = rest.length > most ? rest.lastIndexOf(' ', most) : -1;
    const end = rest.length <= most ? rest.length : space > 0 ? space : most;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  const frame = plain
    ? ''
    : `<rect x="${left}" y="${top}" width="${width}" height="${height}" rx="3" fill="#fff" stroke="#444"/>`;
  const written = lines.map(
    (one, i) =>
      `<text x="${left + 4}" y="${top + 14 + i * 13}" fill="${plain ? '#555' : '#111'}">${escaped(one)}</text>`,
  );
  return frame + written.join('');
}

/** @param {string} name @param {Box[]} boxes @param {string} [under] */
function write(name, boxes, under = '') {
  const width = Math.max(...boxes.map((box) => box.left + box.width)) + 20;
  const height = Math.max(...boxes.map((box) => box.top + box.height)) + 20;
  const readme = readFileSync(path.join(ROOT, 'examples', path.dirname(name), 'README.md'), 'utf8');
  const title = /!\[([^\]]+)\]\(picture\.svg\)/.exec(readme)?.[1] ?? name;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="monospace" font-size="9">
<title>${title}</title>
<rect width="${width}" height="${height}" fill="#f3f2ee"/>
${[under, ...boxes.map(drawn)].join('\n')}
</svg>
`;
  writeFileSync(path.join(ROOT, 'examples', name), svg);
}

/** @param {string} name */
const read = (name) => JSON.parse(readFileSync(path.join(ROOT, 'examples', name), 'utf8'));

const { patcher } = read('max/foley.maxpat');
/** @type {Map<string, Box & {outlets: number, inlets: number}>} */
const objects = new Map(
  patcher.boxes.map((/** @type {{box: any}} */ { box }) => {
    const [left, top, width, height] = box.patching_rect;
    const place = { left, top, width, height, text: box.text ?? box.maxclass, kind: box.maxclass };
    return [box.id, { ...place, outlets: box.numoutlets, inlets: box.numinlets }];
  }),
);
/** @param {Box} box @param {number} index @param {number} count */
const at = (box, index, count) => box.left + 6 + (count < 2 ? 0 : ((box.width - 12) * index) / (count - 1));
const cords = patcher.lines.map((/** @type {{patchline: any}} */ { patchline: { source, destination } }) => {
  const [from, to] = [objects.get(source[0]), objects.get(destination[0])];
  if (from === undefined || to === undefined)
    throw new Error(`a cord of the patch leads from ${source} to ${destination}`);
  const [x1, x2] = [at(from, source[1], from.outlets), at(to, destination[1], to.inlets)];
  return `<line x1="${x1}" y1="${from.top + from.height}" x2="${x2}" y2="${to.top}" stroke="#888" stroke-width="1.5"/>`;
});
write('max/picture.svg', [...objects.values()], cords.join('\n'));

const { content } = read('open-stage-control/foleyd.json');
write(
  'open-stage-control/picture.svg',
  content.widgets.map((/** @type {any} */ { type, left, top, width, height, label, default: value, id }) => ({
    left,
    top,
    width,
    height,
    kind: type,
    text: type === 'text' ? String(value) : String(label ?? id),
  })),
);
