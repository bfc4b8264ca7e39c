import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { createView, type Screen } from './view.ts';

const job = { class: 'DogBark', seed: 42, voice: 'default', count: 1 };

/** What `rows` rows of six codes leave on a screen, as it was written. */
function drawn(screen: Omit<Screen, 'write'>, rows: number, env: NodeJS.ProcessEnv = {}, count = 1): string {
  let text = '';
  const view = createView({ ...screen, write: (part: string) => (text += part) }, env);
  view.accepted({ ...job, count });
  for (let index = 0; index < count; index++) {
    for (let row = 0; row < rows; row++) view.row(index, row, rows, [1, 2, 3, 4, 5, 6]);
  }
  view.end();
  return text;
}

/** The lines a terminal would show, for the few escapes that the view uses. */
function shown(text: string): string[] {
  const lines: string[] = [''];
  let [line, col] = [0, 0];
  for (const part of text.match(/\x1b\[[?0-9;]*[A-Za-z]|[^\x1b]/g) ?? []) {
    const [, by = '', move] = /^\x1b\[(\d*)([A-Za-z])$/.exec(part) ?? [];
    const old = lines[line] ?? '';
    if (part === '\n') [line, col] = [line + 1, 0];
    else if (part === '\r') col = 0;
    else if (move === 'A') line -= Number(by);
    else if (move === 'B') line += Number(by);
    else if (move === 'K') lines[line] = old.slice(0, col);
    else if (!part.startsWith('\x1b')) {
      lines[line] = old.slice(0, col).padEnd(col) + part + old.slice(col + 1);
      col += 1;
    }
  }
  return lines;
}

test('where nobody watches it says what was asked and each quarter, without escapes', () => {
  assert.equal(
    drawn({}, 40),
    'DogBark, seed 42, voice default\nrow 10 of 40\nrow 20 of 40\nrow 30 of 40\nrow 40 of 40\n',
  );
});

test('on a terminal with room the grid keeps its place and the status follows below', () => {
  const lines = shown(drawn({ isTTY: true, columns: 80, rows: 40 }, 8));
  assert.equal(lines[0], 'DogBark, seed 42, voice default');
  assert.equal(lines.slice(1, 5).filter((line) => line === '▀'.repeat(6)).length, 4);
  assert.match(lines[5] ?? '', /^row 8 of 8, /);
});

test('a second clip is drawn over the first', () => {
  const one = shown(drawn({ isTTY: true, columns: 80, rows: 40 }, 8));
  const two = shown(drawn({ isTTY: true, columns: 80, rows: 40 }, 8, {}, 2));
  assert.equal(two.length, one.length);
  assert.match(two[5] ?? '', /^clip 2 of 2, row 8 of 8/);
});

test('of clips that are made at once the first to have begun is drawn, then the next, with all its rows', () => {
  let text = '';
  const view = createView({ isTTY: true, columns: 80, rows: 40, write: (part: string) => (text += part) }, {});
  view.accepted({ ...job, count: 2 });
  const statuses: string[] = [];
  const row = (index: number, at: number): void => {
    view.row(index, at, 8, [1, 2, 3, 4, 5, 6]);
    statuses.push(shown(text)[5]?.replace(/, [\d.]+ s/, '') ?? '');
  };
  row(0, 0);
  for (let at = 0; at < 7; at++) {
    row(1, at);
    row(0, at + 1);
  }
  row(1, 7);
  view.end();
  assert.ok(
    statuses.slice(0, -1).every((status) => status.startsWith('clip 1 of 2')),
    statuses.join('|'),
  );
  assert.equal(statuses.at(-2), 'clip 1 of 2, row 8 of 8');
  assert.equal(statuses.at(-1), 'clip 2 of 2, row 8 of 8');
  assert.equal(
    shown(text)
      .slice(1, 5)
      .filter((line) => line === '▀'.repeat(6)).length,
    4,
  );
});

test('a small terminal and one without colours get a bar', () => {
  for (const text of [
    drawn({ isTTY: true, columns: 80, rows: 6 }, 8),
    drawn({ isTTY: true, columns: 80, rows: 40 }, 8, { NO_COLOR: '1' }),
  ]) {
    assert.match(stripVTControlCharacters(text), /#{30} row 8 of 8/);
    assert.ok(!text.includes('▀'));
  }
});

test('the cursor that was hidden comes back, once', () => {
  const text = drawn({ isTTY: true, columns: 80, rows: 40 }, 8);
  assert.equal(text.split('\x1b[?25l').length, 2);
  assert.equal(text.split('\x1b[?25h').length, 2);
});
