import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

/** The real command, as npm links it. */
export const BIN = fileURLToPath(new URL('../../bin/foleyd.mjs', import.meta.url));
const FIXTURES = fileURLToPath(new URL('../../../models/fixtures', import.meta.url));

export interface Ran {
  code: number | null;
  stdout: string;
  /** Standard output as it came. */
  bytes: Buffer;
  stderr: string;
}

export interface Workplace {
  /** A folder of its own: where the command is called, and where its data lie. Gone with the test. */
  dir: string;
  env: NodeJS.ProcessEnv;
  /** Runs `foleyd ARGS` to its end. */
  foleyd(...args: string[]): Promise<Ran>;
  /** The same in another environment. */
  foleydWith(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ran>;
  /** The same, interrupted as by Ctrl-C as soon as stderr matches. */
  interrupt(when: RegExp, ...args: string[]): Promise<Ran>;
  /** Starts `foleyd serve` on free ports and waits until it says where it listens; stopped with the test. */
  serve(...args: string[]): Promise<Served>;
}

export interface Served {
  http: string;
  ws: string;
  osc: string;
  /** Ends it as a person would and gives its exit code. */
  stop(): Promise<number | null>;
}

/** A folder far from the repository, fixture voices, and no server of the person who runs the tests. */
export async function workplace(t: TestContext): Promise<Workplace> {
  const dir = await mkdtemp(path.join(tmpdir(), 'foleyd-cli-'));
  t.after(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    FOLEYD_MODELS: FIXTURES,
    FOLEYD_DATA: path.join(dir, 'data'),
    FOLEYD_VOICE: 'tiny',
    FOLEYD_THREADS: '1',
    // Nothing listens on the port of TCPMUX, so nobody's own server is ever asked.
    FOLEYD_PORT: '1',
    NODE_TEST_CONTEXT: undefined,
    NO_COLOR: undefined,
  };
  const start = (args: string[], of: NodeJS.ProcessEnv = env) =>
    spawn(process.execPath, [BIN, ...args], { cwd: dir, env: of, stdio: ['ignore', 'pipe', 'pipe'] });
  return {
    dir,
    env,
    foleyd: (...args) => finish(start(args)),
    foleydWith: (of, ...args) => finish(start(args, of)),
    interrupt(when, ...args) {
      const child = start(args);
      let seen = '';
      child.stderr.setEncoding('utf8').on('data', (text) => {
        const before = when.test(seen);
        seen += text;
        if (!before && when.test(seen)) child.kill('SIGINT');
      });
      return finish(child);
    },
    async serve(...args) {
      const child = start(['serve', '--port', '0', '--osc-port', '0', ...args]);
      const closed = once(child, 'close').then(([code]) => code as number | null);
      const stop = (): Promise<number | null> => {
        child.kill('SIGTERM');
        return closed;
      };
      t.after(stop);
      let log = '';
      const listening = new Promise<Record<string, string>>((resolve) => {
        const read = (text: string): void => {
          log += text;
          const line = log.split('\n').find((one) => one.includes('is listening') && one.endsWith('}'));
          if (line !== undefined) resolve(JSON.parse(line) as Record<string, string>);
        };
        child.stdout.setEncoding('utf8').on('data', read);
        child.stderr.setEncoding('utf8').on('data', read);
      });
      const ended = closed.then((code) => Promise.reject(new Error(`serve ended with ${code}: ${log}`)));
      const { http = '', ws = '', osc = '' } = await Promise.race([listening, ended]);
      return { http, ws, osc, stop };
    },
  };
}

async function finish(child: ChildProcessByStdio<null, Readable, Readable>): Promise<Ran> {
  let stderr = '';
  const pieces: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  const bytes = Buffer.concat(pieces);
  return { code, stdout: bytes.toString('utf8'), bytes, stderr };
}
