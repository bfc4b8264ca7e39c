import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodeWav } from '../../server/audio/wav.ts';
import { type Served, type Workplace, workplace } from '../../server/cli/test/bin.ts';

const examples = fileURLToPath(new URL('..', import.meta.url));
/** Longer than any of them takes on a busy machine; one that hangs is ended and its output shown. */
const PATIENCE_MS = 600_000;

/** Path of an example. */
export const example = (name: string): string => path.join(examples, name);

export interface Stage extends Workplace {
  server: Served;
  /** Runs a program where the example's variables lead to the server; gives what it printed. */
  run(file: string, args: string[], expect?: number): Promise<string>;
}

/** A server with the small voice on ports of its own. */
export async function stage(t: TestContext, ...options: string[]): Promise<Stage> {
  const place = await workplace(t);
  const server = await place.serve(...options);
  Object.assign(place.env, {
    FOLEYD_URL: server.ws,
    FOLEYD_HTTP: server.http,
    FOLEYD_OSC_PORT: new URL(server.osc).port,
  });
  return {
    ...place,
    server,
    async run(file, args, expect = 0) {
      const child = spawn(file, args, {
        cwd: place.dir,
        env: place.env,
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: PATIENCE_MS,
      });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
      child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
      const [code] = (await once(child, 'close')) as [number | null];
      assert.equal(code, expect, output);
      return output;
    },
  };
}

/** A file is a clip of the small voice. */
export async function assertSound(file: string): Promise<void> {
  const { pcm, rate } = decodeWav(await readFile(file));
  assert.deepEqual([rate, pcm.length], [22_050, 6144]);
  assert.ok(pcm.some((value) => value !== 0));
}

/** The clip that an example says it has is a sound of the voice. */
export async function assertClip(output: string, dir: string): Promise<void> {
  const said = /done: (.+?), (\d+\.\d+) s/.exec(output);
  assert.ok(said?.[1], output);
  await assertSound(path.resolve(dir, said[1]));
  assert.equal(said[2], '0.28');
}

/** Every row once and in order. */
export function assertRows(output: string): void {
  const rows = [...output.matchAll(/^\D*row:? (\d+) (?:of )?8\s*$/gm)].map((match) => Number(match[1]));
  assert.deepEqual(rows, [1, 2, 3, 4, 5, 6, 7, 8], output);
}

export async function freeUdpPort(): Promise<string> {
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return String(port);
}

/** A reason to skip when a program is not installed. */
export function lacks(...programs: string[]): string | false {
  const missing = programs.filter((name) => spawnSync(name, ['-h'], { stdio: 'ignore', timeout: 10_000 }).error);
  return missing.length > 0 ? `${missing.join(' and ')} not installed` : false;
}
