// Speaks as the trainer does and learns nothing: a step every few milliseconds, a checkpoint after each. What it shall
// do beside is in the voice's name, as words: crash, fail, hungry, slow, stand (once, as one that somebody stops).
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const args = process.argv.slice(2);
const of = (/** @type {string} */ name) => args[args.indexOf(name) + 1] ?? '';
const say = (/** @type {object} */ event) => process.stdout.write(`${JSON.stringify(event)}\n`);
if (args[0] === 'dataset' && args.includes('--class=hungry')) {
  setInterval(() => undefined, 1000);
  await new Promise(() => undefined);
}
if (args[0] === 'dataset') dataset(args[1] ?? '', args[2] ?? '');

const [out, words, steps] = [of('--out'), of('--name'), Number(of('--steps'))];
const checkpoint = path.join(out, 'checkpoint');
mkdirSync(out, { recursive: true });
let step = existsSync(checkpoint) ? Number(readFileSync(checkpoint, 'utf8')) : 0;
const isFirst = step === 0;
process.stdin.resume();
process.stdin.on('end', () => leave());
process.on('SIGTERM', () => leave());
console.error(`begins at step ${step}`);
say({ event: 'plan', stages: ['prior'], classes: ['A'] });
say({ event: 'stage', stage: 'prior', number: 1, of: 1, steps });
if (words.includes('fail')) {
  console.error('foley-train: a loss is no number');
  say({ event: 'error', kind: 'NotFinite', message: 'step 3: a loss is no number' });
  process.exit(1);
}
/** @type {Buffer[]} */
const eaten = [];
if (words.includes('hungry')) eaten.push(Buffer.alloc(400 * 2 ** 20, 1));

/** Counts the files of each folder, or of a class. @param {string} source @param {string} made */
function dataset(source, made) {
  const label = args.find((arg) => arg.startsWith('--class='))?.slice('--class='.length);
  const names = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => /\.\w+$/.test(name));
  const counts = new Map();
  for (const name of names) {
    const own = label ?? name.split(path.sep)[0] ?? '';
    counts.set(own, (counts.get(own) ?? 0) + 1);
    say({ event: 'original', file: name, clips: 1 });
  }
  mkdirSync(path.join(made, 'corpus'), { recursive: true });
  const none = { count: 0, files: [] };
  const [clips, minutes] = [names.length, names.length / 60];
  const classes = [...counts].map(([name, n]) => ({
    class: name,
    clips: n,
    train: n,
    eval: 0,
    originals: n,
    minutes: n / 60,
  }));
  const said = { classes, clips, minutes, originals: clips, minutes_silent: 0 };
  say({ event: 'dataset', ...said, silent: none, clipped: none, duplicates: none, dropped: none });
  process.exit(0);
}

function leave() {
  say({ event: 'stopped', stage: 'prior', step });
  process.exit(0);
}

setInterval(
  () => {
    if (words.includes('crash') && step >= 2) process.kill(process.pid, 'SIGKILL');
    if (words.includes('stand') && step === 3 && isFirst) process.kill(process.pid, 'SIGSTOP');
    step += 1;
    writeFileSync(checkpoint, String(step));
    say({ event: 'step', stage: 'prior', step, eta_minutes: 0, seconds_per_step: 0.01, nll: 1 / step });
    if (step < steps) return;
    const voice = path.join(out, 'voice');
    mkdirSync(voice, { recursive: true });
    const card = { hash: `steps ${step}`, retrained: { job: of('--job') }, graphs: {} };
    writeFileSync(path.join(voice, 'card.json'), JSON.stringify(card));
    say({ event: 'exported' });
    process.exit(0);
  },
  words.includes('slow') ? 30 : 2,
);
