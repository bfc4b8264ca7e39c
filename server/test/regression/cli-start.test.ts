/** What a command starts, and what it prints: no more than it needs, and on standard output its answer alone. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compiled } from '../../bin/compiled.mjs';
import { workplace } from '../../cli/test/bin.ts';

test('commands about voices, clips and trainings start no engine and no playback, whatever maps are saved', async (t) => {
  // The first start after a change compiles, which is a process of its own.
  await compiled('server/cli/index.ts');
  const { dir, env, foleyd } = await workplace(t);
  const data = path.join(dir, 'data');
  mkdirSync(data);
  const map = { id: 'pad1', source: { note: 36 }, class: 'DogBark' };
  writeFileSync(path.join(data, 'triggers.json'), JSON.stringify([map]));
  // Each process that is started, and the libraries of sound and of the engine, say so where they are loaded.
  const trap = `
    import { syncBuiltinESMExports } from 'node:module';
    import cp from 'node:child_process';
    for (const name of ['fork', 'spawn']) {
      const real = cp[name];
      cp[name] = (...args) => { process.stderr.write('STARTED ' + args[0] + '\\n'); return real(...args); };
    }
    syncBuiltinESMExports();
  `;
  writeFileSync(path.join(dir, 'trap.mjs'), trap);
  env.NODE_OPTIONS = `--import=file://${path.join(dir, 'trap.mjs')}`;
  for (const [args, answer] of [
    [['voices', '--json'], /^\[\{.*\}\]\n$/s],
    [['clips', '--json'], /^\[\]\n$/],
    [['trainings', '--json'], /^\[\]\n$/],
    [['datasets'], /^$/],
    [['trainings'], /^$/],
  ] as const) {
    const ran = await foleyd(...args);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stdout, answer);
    assert.doesNotMatch(ran.stderr, /STARTED/, args.join(' '));
    if (!(args as readonly string[]).includes('--json')) assert.match(ran.stderr, /^no (data sets|trainings); /);
  }
});

test('the compiled command is kept until a source changes, and its files are those of the repository', async (t) => {
  const { dir } = await workplace(t);
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const first = await compiled('server/cli/options.ts');
  assert.ok(first !== null);
  assert.equal(await compiled('server/cli/options.ts'), first);
  const copy = path.join(dir, 'own');
  for (const part of ['package.json', 'tsconfig.json', 'server/bin/compiled.mjs'])
    cpSync(path.join(root, part), path.join(copy, part));
  mkdirSync(path.join(copy, 'node_modules'));
  writeFileSync(path.join(copy, 'node_modules', '.package-lock.json'), '{}');
  cpSync(path.join(root, 'node_modules', 'esbuild'), path.join(copy, 'node_modules', 'esbuild'), { recursive: true });
  cpSync(path.join(root, 'node_modules', '@esbuild'), path.join(copy, 'node_modules', '@esbuild'), { recursive: true });
  writeFileSync(path.join(copy, 'where.ts'), 'export const where: string = import.meta.url;\n');
  const own = (await import(path.join(copy, 'server/bin/compiled.mjs'))) as typeof import('../../bin/compiled.mjs');
  const one = await own.compiled('where.ts');
  assert.equal(((await import(one!)) as { where: string }).where, `file://${path.join(copy, 'where.ts')}`);
  writeFileSync(path.join(copy, 'where.ts'), 'export const where: string = "elsewhere, and longer";\n');
  const two = await own.compiled('where.ts');
  assert.notEqual(two, one);
  assert.equal(((await import(two!)) as { where: string }).where, 'elsewhere, and longer');
  // A server that still runs from the first one finds its files.
  const [folder] = readdirSync(path.join(copy, 'node_modules', '.cache', 'foleyd'));
  assert.equal(readdirSync(path.join(copy, 'node_modules', '.cache', 'foleyd', folder!)).length, 3);
  writeFileSync(path.join(copy, 'where.ts'), 'this is no TypeScript(');
  assert.equal(await own.compiled('where.ts'), null);
});
