import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request } from '../fixtures.ts';
import { EnginePool } from '../process/pool.ts';
import { bundledProvidersInProcess, chooseProvider, tryProviderInProcess } from './provider.ts';

const works = (...names: string[]) => {
  const asked: string[] = [];
  const attempt = async (name: string): Promise<string | null> => {
    asked.push(name);
    return names.includes(name) ? null : `a long story\nonnxruntime: x was false. ${name} is not here`;
  };
  return { asked, attempt };
};

test('the CPU is taken without trying anything', async () => {
  const { asked, attempt } = works();
  assert.deepEqual(await chooseProvider('cpu', ['cpu', 'webgpu'], attempt), { provider: 'cpu', problems: {} });
  assert.deepEqual(asked, []);
});

test('a provider that is named is taken if it works; else the CPU, with the reason', async () => {
  const { asked, attempt } = works('cuda');
  assert.deepEqual(await chooseProvider('cuda', ['cpu'], attempt), { provider: 'cuda', problems: {} });
  const problems = { dml: 'dml is not here' };
  assert.deepEqual(await chooseProvider('dml', ['cpu', 'cuda'], attempt), { provider: 'cpu', problems });
  assert.deepEqual(asked, ['cuda', 'dml']);
});

test('auto takes the first in the package that works, one at a time', async () => {
  const { asked, attempt } = works('webgpu');
  const bundled = ['cpu', 'webgpu', 'coreml', 'cuda'];
  const { provider, problems } = await chooseProvider('auto', bundled, attempt);
  assert.equal(provider, 'webgpu');
  assert.deepEqual(Object.keys(problems), ['cuda', 'coreml']);
  assert.deepEqual(asked, ['cuda', 'coreml', 'webgpu']);
  assert.equal((await chooseProvider('auto', bundled, works().attempt)).provider, 'cpu');
});

test('a provider is tried in a process of its own', { timeout: 300_000 }, async () => {
  assert.equal(await tryProviderInProcess('cpu'), null);
  assert.match(String(await tryProviderInProcess('no such provider')), /\S/);
  assert.ok((await bundledProvidersInProcess()).includes('cpu'));
});

test('where a provider fails, clips are made on the CPU, with the same bits, and it is said', {
  timeout: 300_000,
}, async () => {
  const logged: string[] = [];
  const log = (level: string, message: string): number => logged.push(`${level} ${message}`);
  const [plain, asked] = [new EnginePool(), new EnginePool({ provider: 'no such provider', log })];
  try {
    const clips = [plain, asked].map((pool) => pool.run(request('tiny', { seed: 7 }), () => undefined).done);
    const [one, other] = await Promise.all(clips);
    assert.deepEqual(other?.pcm, one?.pcm);
    assert.equal(asked.info().provider, 'cpu');
    assert.match(
      logged.find((line) => line.startsWith('warn')) ?? '',
      /no such provider does not work here \(.+\): using cpu/,
    );
  } finally {
    await Promise.all([plain.close(), asked.close()]);
  }
});
