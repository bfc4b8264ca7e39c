import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from './bootstrap.mjs';
import { importsOf, violations } from './boundaries.mjs';

const wrong = (file: string, text: string) => violations(file, text).length;

test('a folder may import itself, its neighbours in the table, and node', () => {
  assert.equal(
    wrong(
      'server/network/transports/ws.ts',
      "import { x } from '../../dispatch/dispatcher.ts';\nimport net from 'node:net';",
    ),
    0,
  );
  assert.equal(wrong('protocol/codecs/json.ts', "import { z } from 'zod';\nimport { e } from '../errors.ts';"), 0);
});

test('a transport that reaches for a handler or the engine is named with file and line', () => {
  const said = violations(
    'server/network/transports/ws.ts',
    "import a from 'node:fs';\nimport { b } from '../../handlers/generate.ts';",
  );
  assert.deepEqual(said, [
    'server/network/transports/ws.ts:2: server/network/transports may not import ../../handlers/generate.ts',
  ]);
  assert.equal(wrong('server/network/transports/ws.ts', "export * from '../../engine/process/supervisor.ts';"), 1);
});

test('dynamic imports, require, resolve and type queries count as imports', () => {
  for (const text of [
    "await import('../../server/app.ts')",
    "require('../../server/app.ts')",
    "import.meta.resolve('../../server/app.ts')",
    "type A = import('../../server/app.ts').App",
  ]) {
    assert.equal(wrong('protocol/codecs/json.ts', text), 1, text);
  }
});

test('handlers see the scheduler as a type and not as code', () => {
  assert.equal(wrong('server/handlers/generate.ts', "import type { Scheduler } from '../dispatch/scheduler.ts';"), 0);
  assert.equal(wrong('server/handlers/generate.ts', "import { Scheduler } from '../dispatch/scheduler.ts';"), 1);
  assert.equal(wrong('server/handlers/generate.ts', "import { type Scheduler } from '../dispatch/scheduler.ts';"), 1);
});

test('one file loads the runtime and no other, and the engine knows no protocol', () => {
  assert.equal(wrong('server/engine/onnx/runtime.ts', "import * as ort from 'onnxruntime-node';"), 0);
  assert.equal(wrong('server/engine/process/supervisor.ts', "import * as ort from 'onnxruntime-node';"), 1);
  assert.equal(wrong('server/engine/process/supervisor.ts', "import { x } from '../../../protocol/index.ts';"), 1);
});

test('the protocol stays alone even in its tests', () => {
  assert.equal(wrong('protocol/a.test.ts', "import { x } from '../server/app.ts';"), 1);
  assert.equal(wrong('server/handlers/a.test.ts', "import { x } from '../app.ts';\nimport fc from 'fast-check';"), 0);
});

test('a file outside the table fails, so that a new folder needs a line', () => {
  assert.match(violations('server/newroom/a.ts', '')[0] ?? '', /no line of scripts\/import-rules/);
});

test('comments and strings that look like imports do not count', () => {
  assert.deepEqual(importsOf('a.ts', "// import x from 'a'\nconst s = \"import y from 'b'\";"), []);
});

test('a client in a page brings no schemas along', () => {
  const reached = new Set<string>();
  const packages = new Set<string>();
  const follow = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const { specifier, typeOnly } of importsOf(file, readFileSync(path.join(ROOT, file), 'utf8'))) {
      if (typeOnly) continue;
      if (specifier.startsWith('.')) follow(path.posix.join(path.posix.dirname(file), specifier));
      else packages.add(specifier);
    }
  };
  follow('protocol/client-lasting.ts');
  assert.ok(reached.has('protocol/client.ts'));
  assert.deepEqual([...packages].sort(), ['@msgpack/msgpack', 'msgpackr']);
  assert.deepEqual(
    [...reached].filter((file) => file.startsWith('protocol/commands/')),
    [],
  );
});
