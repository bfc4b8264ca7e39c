import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import { type App, type AppParts, createApp } from '../../app.ts';
import { type ConfigInput, resolveConfig } from '../../config.ts';
import type { Limits } from '../../limits.ts';
import { createLog, type Log } from '../../util/log.ts';
import { ScriptedEngine, type ScriptedOptions } from './engine.ts';
import { writeVoice } from './voice.ts';

export interface TestServer {
  app: App;
  engine: ScriptedEngine;
  models: string;
  data: string;
  /** What a person would read in the log so far. */
  log: () => Record<string, unknown>[];
}

export interface TestServerOptions {
  config?: Omit<ConfigInput, 'limits'> & { limits?: Partial<Limits> };
  engine?: ScriptedOptions;
  /** In place of the scripted engine, and bounds. */
  parts?: Pick<AppParts, 'engine' | 'closeMs' | 'consoleFolder'>;
  extra?: NonNullable<AppParts['extra']>;
  midi?: NonNullable<AppParts['midi']>;
  /** Write the default voice; true unless a test wants it gone. */
  voice?: boolean;
}

export function memoryLog(): { log: Log; lines: () => Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const to = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      for (const line of String(chunk).split('\n')) if (line !== '') lines.push(JSON.parse(line) as (typeof lines)[0]);
      done();
    },
  });
  return { log: createLog({ level: 'debug', pretty: false, to }), lines: () => lines };
}

/** A folder of its own, gone with the test. */
export async function temporary(t: TestContext): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'foleyd-test-'));
  t.after(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
  return dir;
}

/** A server on ports of its own with a scripted engine and one voice; it goes with the test. */
export async function newServer(t: TestContext, options: TestServerOptions = {}): Promise<TestServer> {
  const root = await temporary(t);
  const models = path.join(root, 'models');
  const data = path.join(root, 'data');
  if (options.voice !== false) await writeVoice(models, 'default');
  const engine = new ScriptedEngine(options.engine);
  const { log, lines } = memoryLog();
  const limits = { drainMs: 0, ...options.config?.limits };
  const config = resolveConfig({ port: 0, oscPort: 0, data, models, ...options.config, limits }, {});
  const { extra, midi, parts = {} } = options;
  const app = await createApp(config, {
    engine,
    log,
    ...parts,
    ...(extra ? { extra } : {}),
    ...(midi ? { midi } : {}),
  });
  t.after(async () => {
    engine.release();
    await app.close();
  });
  await app.ready;
  return { app, engine, models, data, log: lines };
}
