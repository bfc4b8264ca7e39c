import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { built, lacks } from './tests/build.ts';
import { BUILD } from './tests/host.ts';

describe('the plugin by itself', { skip: lacks() }, () => {
  before(built);

  test('its core holds what its own tests say', (t) => {
    const { status, stdout, stderr } = spawnSync(path.join(BUILD, 'core_test'), { encoding: 'utf8', timeout: 300_000 });
    assert.equal(status, 0, stderr);
    t.diagnostic(stdout.trim().split('\n')[0] ?? '');
  });

  test('hosts see the classes of the default voice, in its order, as values of the parameter Class', () => {
    const ttl = readFileSync(path.join(BUILD, 'bin', 'foleyd-bridge.lv2', 'foleyd-bridge.ttl'), 'utf8');
    const [, port = ''] = /lv2:symbol "class" ;([\s\S]*?)\n {4}\]/.exec(ttl) ?? [];
    const points = [...port.matchAll(/rdfs:label\s+"([^"]+)" ;\s+rdf:value\s+(\d+)/g)];
    const card = fileURLToPath(new URL('../../models/default/card.json', import.meta.url));
    const { classes } = JSON.parse(readFileSync(card, 'utf8')) as { classes: { id: number; name: string }[] };
    assert.deepEqual(
      points.map(([, name, id]) => ({ id: Number(id), name })),
      classes.slice(0, 16),
    );
  });

  test('spoilt frames and answers do it no harm', (t) => {
    const { status, stdout, stderr } = spawnSync(path.join(BUILD, 'fuzz_test'), ['2'], {
      encoding: 'utf8',
      timeout: 300_000,
    });
    assert.equal(status, 0, `${stdout}${stderr.slice(-4000)}`);
    t.diagnostic(stdout.trim().split('\n').join('; '));
  });

  test('the guard of the hosts ends what allocates or locks', () => {
    for (const [what, name] of [
      ['', 'malloc'],
      ['lock', 'pthread_mutex_lock'],
    ] as const) {
      const { signal, stderr } = spawnSync(path.join(BUILD, 'host'), ['guard', what], { encoding: 'utf8' });
      assert.deepEqual([signal, stderr], ['SIGABRT', `guard: the audio thread called ${name}\n`]);
    }
  });
});
