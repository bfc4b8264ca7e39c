import assert from 'node:assert/strict';
import test from 'node:test';
import { Command } from 'commander';
import { declareClips } from './clips.ts';
import { declareFarm } from './farm.ts';
import { declareServer } from './server.ts';
import { declareTraining } from './training.ts';
import { asOption } from './usage.ts';
import { declareVoices } from './voices.ts';

/** The command that is typed, its options parsed. */
function typed(words: string): Command {
  const program = new Command('foleyd');
  for (const declare of [declareServer, declareFarm, declareClips, declareVoices, declareTraining])
    declare(program, () => undefined);
  let at = program;
  const rest = words.split(' ');
  for (;;) {
    const next = at.commands.find((one) => one.name() === rest[0]);
    if (next === undefined) break;
    at = next;
    rest.shift();
  }
  at.parseOptions(rest);
  return at;
}

test('an error of the protocol names the option or argument that was typed', () => {
  for (const [words, path, said] of [
    ['generate', 'topK', '--top-k'],
    ['generate', 'class', '<class>'],
    ['generate', 'class.Heavy rain', '<class>, Heavy rain'],
    ['generate', 'envelope.cues.1.at', '--envelope, entry 2, time'],
    ['generate', 'envelope.points.0.level', '--envelope, entry 1, level'],
    ['generate', 'envelope.points', '--envelope'],
    ['generate', 'envelope.clip', '--envelope'],
    ['generate', 'spectrum.points.2.hz', '--spectrum, entry 3, frequency'],
    ['export', 'clips.0', '<clips>, entry 1'],
    ['export', 'catId', '--cat-id'],
    ['spot', 'sheet', '<SHEET>'],
    ['clips', 'text', '--search'],
    ['clips', 'clip', '<clips>'],
    ['play', 'clip', '<CLIPS>'],
    ['trash restore', 'clip', '<IDS>'],
    ['trash empty', 'id', '<IDS>'],
    ['vary', 'clip', '<what>'],
    ['vary', 'recording', '<what>'],
    ['vary', 'from', '--from'],
    ['fad', 'classes.1', '--classes, entry 2'],
    ['activate', 'voice', '<ID>'],
    ['voice delete', 'voice', '<ID>'],
    ['voice export', 'voice', '<ID>'],
    ['voice import', 'as', '--as'],
    ['voice compare', 'voices.0', '<IDS>, entry 1'],
    ['retrain', 'voice', '--as'],
    ['retrain', 'stages.0', '--stages, entry 1'],
    ['retrain', 'datasets.0', '--dataset, entry 1'],
    ['retrain', 'job', '--attach'],
    ['trainings --resume x', 'job', '--resume'],
    ['jobs --cancel x', 'job', '--cancel'],
    ['datasets --delete x', 'dataset', '--delete'],
    ['datasets --remove x', 'dataset', '--remove'],
    ['deliver on', 'settings.format', '--format'],
    ['deliver on', 'classes.0', '--classes, entry 1'],
  ] as const)
    assert.equal(asOption(`args.${path}: expected this: or that`, typed(words)), `${said}: expected this: or that`);
});

test('what nobody typed keeps its path', () => {
  assert.equal(asOption('args.rows: expected a list', typed('generate')), 'args.rows: expected a list');
  assert.equal(asOption('args.constructor: x', typed('activate')), 'args.constructor: x');
  assert.equal(asOption('args.count: x', null), 'args.count: x');
  assert.equal(asOption('the clip of args.clip: gone', typed('clips')), 'the clip of args.clip: gone');
});
