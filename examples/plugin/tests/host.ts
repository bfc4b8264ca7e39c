import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export const BUILD = fileURLToPath(new URL('../../../build/plugin/', import.meta.url));
export const BIN = path.join(BUILD, 'bin');
export const HOST = path.join(BUILD, 'host');

const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
export const formats = {
  clap: path.join(BIN, 'foleyd-bridge.clap'),
  vst3: path.join(BIN, `foleyd-bridge.vst3/Contents/${machine}-linux/foleyd-bridge.so`),
} as const;
export type Format = keyof typeof formats;

interface Said {
  value: number;
  text: string;
  met: boolean;
  seconds: number;
  latency: number;
  frames: number;
  alike: boolean;
  medianUs: number;
  mostUs: number;
  params: { name: string; min: number; max: number }[];
}

/** One program with one plugin in it. While it processes, its guard ends it if the plugin allocates, locks or calls the system. */
export class Host {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting: { resolve: (said: Said) => void; reject: (error: Error) => void }[] = [];
  readonly #dir: string;
  readonly closed: Promise<unknown>;
  #errors = '';
  #dumps = 0;

  constructor(t: TestContext, format: Format, dir: string, env: Record<string, string>) {
    this.#dir = dir;
    this.#child = spawn(HOST, [format, formats[format]], {
      // No settings of the person who runs the tests.
      env: { ...process.env, XDG_CONFIG_HOME: dir, FOLEYD_TOKEN: '', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let text = '';
    this.#child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (text + chunk).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) this.#waiting.shift()?.resolve(JSON.parse(line) as Said);
    });
    this.#child.stderr.setEncoding('utf8').on('data', (chunk: string) => (this.#errors += chunk));
    this.#child.stdin.on('error', () => {});
    this.closed = once(this.#child, 'close').then(([code, signal]) => {
      const error = new Error(`the host ended with ${code ?? signal}: ${this.#errors}`);
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
    t.after(() => this.#child.kill('SIGKILL'));
  }

  tell(...words: (string | number)[]): Promise<Said> {
    this.#child.stdin.write(`${words.join(' ')}\n`);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async set(values: Record<string, number>): Promise<void> {
    for (const [name, value] of Object.entries(values)) await this.tell('set', name, value);
  }

  /** Waits in real time; the seconds it took. */
  async until(param: string, value: number, seconds = 30): Promise<number> {
    const said = await this.tell('until', param, value, seconds);
    if (!said.met) throw new Error(`${param} is ${said.text} after ${seconds} s, not ${value}: ${this.#errors}`);
    return said.seconds;
  }

  async get(param: string): Promise<number> {
    return (await this.tell('get', param)).value;
  }

  /** Plays notes, as `[frame, key, velocity]`, as fast as it can; gives what sounded. */
  async play(frames: number, notes: [number, number, number][]): Promise<Float32Array> {
    for (const note of notes) await this.tell('note', ...note);
    await this.tell('run', frames);
    return this.dump();
  }

  async dump(): Promise<Float32Array> {
    const file = path.join(this.#dir, `${this.#child.pid}-${this.#dumps++}.f32`);
    const { alike } = await this.tell('dump', file);
    if (!alike) throw new Error('left and right differ');
    const bytes = await readFile(file);
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  }

  async quit(): Promise<void> {
    this.#child.stdin.write('quit\n');
    await this.closed;
  }
}
