#!/usr/bin/env node
// A stand-in for Python, so that trainings can be attacked without PyTorch: it says that it can train, and runs the scripted trainer instead.
import process from 'node:process';

const [option, what, ...more] = process.argv.slice(2);
if (option === '-c') {
  process.stdout.write('python\ntrainer\n');
  process.exit(0);
}
if (option !== '-m' || what !== 'foley_trainer.cli') process.exit(2);
process.argv = [...process.argv.slice(0, 2), ...more];
await import('../support/scripted-trainer.mjs');
