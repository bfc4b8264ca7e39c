/** A machine without free descriptors, processes or memory: what it could not look at was called missing or damaged. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ProtocolError, toProtocolError } from '../../../protocol/index.ts';
import { adminRollback } from '../../handlers/admin-activate.ts';
import { TrainerFinder } from '../../training/python.ts';
import { ShortageError, shortageSaid } from '../../util/shortage.ts';
import { startChild } from '../../util/start-child.ts';
import { ActiveVoices } from '../../voices/active.ts';
import { temporary } from '../support/server.ts';

type Ends = Record<string, 'done' | [code: string, message: string]>;

const isWindows = process.platform === 'win32';
const MODELS = fileURLToPath(new URL('../../../models/fixtures', import.meta.url));

test('nothing is called missing or damaged while no descriptor is left, and all is there again later', {
  skip: process.platform !== 'linux' && 'uses ulimit',
}, async (t) => {
  const dir = await temporary(t);
  await mkdir(path.join(dir, 'uploads', 'u1'), { recursive: true });
  await writeFile(path.join(dir, 'uploads', 'u1', 'take.wav'), 'RIFF');
  await mkdir(path.join(dir, 'sets', 'rain'), { recursive: true });
  await writeFile(
    path.join(dir, 'sets', 'rain', 'dataset.json'),
    JSON.stringify({ format: 'foleyd-dataset', version: 1, id: 'rain' }),
  );
  const card = JSON.parse(await readFile(path.join(MODELS, 'tiny-stacked', 'card.json'), 'utf8')) as { job?: string };
  await mkdir(path.join(dir, 'voices', 'mine'), { recursive: true });
  await writeFile(
    path.join(dir, 'voices', 'mine', 'card.json'),
    JSON.stringify({ ...card, hash: 'h', retrained: { job: 'j1' } }),
  );
  await writeFile(path.join(dir, 'active.json'), '["tiny-stacked"]');
  const here = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);
  const script = `
    import { closeSync, openSync } from 'node:fs';
    import { readCardText } from ${here('../../engine/inference/card.ts')};
    import { Graph } from ${here('../../engine/onnx/runtime.ts')};
    import { parseCard } from ${here('../../engine/inference/card.ts')};
    import { TrainerFinder } from ${here('../../training/python.ts')};
    import { adoptVoice } from ${here('../../training/finished-voice.ts')};
    import { DataSets } from ${here('../../training/datasets.ts')};
    import { Uploads } from ${here('../../training/uploads.ts')};
    import { ActiveVoices } from ${here('../../voices/active.ts')};
    import { VoiceCatalog } from ${here('../../voices/catalog.ts')};
    import { VoicePacker } from ${here('../../voices/pack.ts')};
    import { readVoice } from ${here('../../voices/read-voice.ts')};
    import { toProtocolError } from ${here('../../../protocol/index.ts')};
    const [dir, models] = ${JSON.stringify([dir, MODELS])};
    const voiceDir = models + '/tiny-stacked';
    const card = parseCard(await readCardText(voiceDir));
    const voice = await readVoice('tiny-stacked', voiceDir);
    const log = () => undefined;
    const kinds = {
      interpreter: () => new TrainerFinder({ folder: dir, python: '/bin/sh' }).find(),
      cards: () => new VoiceCatalog({ roots: [models], active: () => 'tiny-stacked', log }).find(),
      voices: () => new VoiceCatalog({ roots: [models], active: () => 'tiny-stacked', log }).list().then((all) => { if (all.length === 0) throw new Error('no voices'); }),
      unknown: () => new VoiceCatalog({ roots: [models], active: () => 'tiny-stacked', log }).find('none-such'),
      packed: () => new VoicePacker().pack(voice),
      graphs: () => Graph.open(voiceDir, card, 'decoder', { provider: 'cpu', threads: 1 }),
      engineCards: () => readCardText(voiceDir),
      adopted: () => adoptVoice(dir + '/run', dir + '/voices', { id: 'mine', job: 'j1' }),
      sets: () => new DataSets({ dir: dir + '/sets', trash: undefined }).list().then((all) => { if (all.length === 0) throw new Error('no sets'); }),
      uploads: () => new Uploads({ dir: dir + '/uploads', maxBytes: 1e6 }).write('u1', 'take.wav', 4, Buffer.from('more')),
      active: () => ActiveVoices.open(dir + '/active.json', 'other', false, log),
    };
    const taken = [];
    // Before each: what the one before had opened may have been closed meanwhile.
    const known = new VoiceCatalog({ roots: [dir, models], active: () => 'tiny-stacked', sureMs: 0, log });
    await known.find();
    const fill = () => { try { for (;;) taken.push(openSync('/dev/null')); } catch {} };
    const ask = async (before) => {
      const codes = {};
      for (const [kind, look] of Object.entries(kinds)) {
        before();
        codes[kind] = await look().then(() => 'done', (error) => toProtocolError(error)).then((end) => end === 'done' ? end : [end.code, end.message]);
      }
      return codes;
    };
    const without = await ask(fill);
    fill();
    const { id } = await known.find();
    for (const fd of taken) closeSync(fd);
    process.stdout.write(JSON.stringify([without, await ask(() => undefined), id]), () => process.exit(0));
  `;
  const node = [process.execPath, '--import', import.meta.resolve('tsx'), '--input-type=module', '-e', script];
  const { stdout } = await promisify(execFile)('sh', ['-c', 'ulimit -n 400; exec "$@"', 'sh', ...node]);
  const [without, after, known] = JSON.parse(stdout) as [Ends, Ends, string];
  assert.equal(known, 'tiny-stacked');
  for (const [kind, end] of Object.entries(without)) {
    assert.equal(end[0], 'out_of_resources', `${kind}: ${end}`);
    assert.match(end[1]!, /EMFILE/, kind);
  }
  const codes = Object.fromEntries(Object.entries(after).map(([kind, end]) => [kind, end === 'done' ? end : end[0]]));
  const { interpreter, unknown, ...others } = codes;
  assert.equal(interpreter, 'python_missing');
  assert.equal(unknown, 'unknown_voice');
  assert.deepEqual(new Set(Object.values(others)), new Set(['done']), JSON.stringify(after));
});

test('an interpreter that runs out of something says nothing about what is installed', {
  skip: isWindows && 'the interpreter is a shell script',
}, async (t) => {
  const folder = await temporary(t);
  const python = path.join(folder, 'python');
  for (const [said, what] of [
    ['ImportError: libtorch.so: cannot open shared object file: Error 24', 'trainer_missing'],
    ["RuntimeError: can't start new thread", 'EAGAIN'],
    ['MemoryError', 'ENOMEM'],
    ['OSError: [Errno 24] Too many open files', 'EMFILE'],
    ['OSError: [Errno 23] Too many open files in system', 'ENFILE'],
  ] as const) {
    await writeFile(python, `#!/bin/sh\necho python\necho "${said}" >&2\nexit 1\n`, { mode: 0o755 });
    await assert.rejects(new TrainerFinder({ folder, python }).find(), (error: unknown) => {
      const { code, message } = toProtocolError(error);
      const isInstall = what === 'trainer_missing';
      assert.equal(code, isInstall ? what : 'out_of_resources', said);
      return isInstall || message.includes(what);
    });
  }
  await writeFile(python, '#!/bin/sh\necho python\nkill -9 $$\n', { mode: 0o755 });
  await assert.rejects(new TrainerFinder({ folder, python }).find(), (error: unknown) => {
    const { code, message } = toProtocolError(error);
    return code === 'out_of_resources' && /SIGKILL/.test(message);
  });
});

test('a child that Node refuses to start at once tells of it as any other does', { skip: isWindows }, async () => {
  // One argument longer than Linux and macOS take: Node throws, as it does for ENOMEM.
  const start = () => spawn('true', ['x'.repeat(2 ** 22)], { stdio: 'ignore' });
  assert.throws(start, { code: 'E2BIG' });
  const child = startChild(start);
  const [error] = (await once(child, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'E2BIG');
  assert.equal(child.pid, undefined);
  assert.equal(child.kill('SIGKILL'), false);
});

test('shortages keep their own code on the way to a client', () => {
  for (const code of ['EMFILE', 'ENFILE', 'ENOMEM'])
    assert.equal(toProtocolError(Object.assign(new Error('x'), { syscall: 'open', code })).code, 'out_of_resources');
  assert.equal(toProtocolError(Object.assign(new Error('x'), { syscall: 'open', code: 'EIO' })).code, 'io_error');
  assert.equal(shortageSaid('the file is damaged'), null);
  assert.ok(new ProtocolError('out_of_resources').message.length > 0);
});

test('a rollback that cannot look at the latest voice does not go back to an older one', async (t) => {
  const file = path.join(await temporary(t), 'active.json');
  await writeFile(file, '["oldest","latest","now"]');
  const active = await ActiveVoices.open(file, 'now');
  const find = async (id = 'now') => {
    if (id === 'latest') throw new ShortageError('the card could not be read');
    return { id };
  };
  const deps = { active, catalog: { find }, tryVoice: async () => undefined, onActive: () => undefined };
  const rollback = adminRollback(deps as unknown as Parameters<typeof adminRollback>[0]) as () => Promise<unknown>;
  await assert.rejects(rollback(), { code: 'out_of_resources' });
  assert.equal(active.active, 'now');
});
