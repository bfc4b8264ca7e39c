import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';

const PROGRAMS = ['nats-server', '/usr/sbin/nats-server'];
const program = PROGRAMS.find((name) => spawnSync(name, ['--version']).status === 0) ?? null;

/** Why tests that need a broker are skipped; false where they are not. */
export const skip = program === null ? 'there is no nats-server; apt-get install nats-server' : (false as const);

/** A broker of a test, with JetStream in a folder of its own. */
export class TestBroker {
  readonly #dir: string;
  readonly #args: readonly string[];
  #child: ChildProcess;
  #port: number;

  private constructor(dir: string, args: readonly string[], child: ChildProcess, port: number) {
    this.#dir = dir;
    this.#args = args;
    this.#child = child;
    this.#port = port;
  }

  /** With its store below a folder that is there already, where one is named. */
  static async start(args: readonly string[] = [], below = tmpdir()): Promise<TestBroker> {
    const dir = await mkdtemp(path.join(below, 'foleyd-nats-'));
    const { child, port } = await launch(dir, -1, args);
    return new TestBroker(dir, args, child, port);
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** As by `kill -9`; what it stored stays. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  /** Stops it for as long as it is not continued: connections stay, and nothing answers. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  /** On the same port with the same store. */
  async again(): Promise<void> {
    ({ child: this.#child, port: this.#port } = await launch(this.#dir, this.#port, this.#args));
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function launch(
  dir: string,
  port: number,
  args: readonly string[],
): Promise<{ child: ChildProcess; port: number }> {
  // A configuration names the folder by itself.
  const store = args.includes('--config') ? [] : ['--jetstream', '--store_dir', dir];
  const given = ['--addr', '127.0.0.1', '--port', String(port), ...store, ...args];
  const env = { ...process.env, FOLEYD_NATS_STORE: dir };
  const child = spawn(program!, given, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  const listening = new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`nats-server ended with ${code}: ${log}`)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = `${log}${text}`.slice(-20_000);
      const found = /client connections on [^\n]*:(\d+)\n/.exec(log)?.[1];
      if (found !== undefined && log.includes('Server is ready')) resolve(Number(found));
    });
  });
  return { child, port: await listening };
}
