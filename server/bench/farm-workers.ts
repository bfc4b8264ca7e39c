import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bundle, PROGRAMS } from '../bin/compiled.mjs';
import type { FarmEngine } from '../farm/engine.ts';

/** Workers of one lane each, as processes that are compiled once. */
export class WorkerProcesses {
  readonly #built: string;
  readonly #scratch: string;
  readonly #desk: FarmEngine;
  readonly #args: (name: string) => string[];
  #names = 0;
  /** Those that run. */
  running: ChildProcess[] = [];

  private constructor(desk: FarmEngine, built: string, url: string, models: string) {
    this.#desk = desk;
    this.#built = built;
    this.#scratch = mkdtempSync(path.join(tmpdir(), 'foleyd-farm-'));
    const file = path.join(built, 'server/farm/test/worker-child.js');
    this.#args = (name) => [file, url, name, path.join(this.#scratch, 'data'), models];
  }

  /** For a broker; `models`: folder of their voices. `desk` says when they are ready. */
  static async of(desk: FarmEngine, url: string, models: string): Promise<WorkerProcesses> {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    // Below node_modules, so that packages are found.
    const built = path.join(root, 'node_modules', '.cache', 'foleyd', `farm-bench-${process.pid}`);
    await bundle(['server/farm/test/worker-child.ts', ...PROGRAMS], built, {});
    return new WorkerProcesses(desk, built, url, models);
  }

  async start(count: number): Promise<void> {
    this.running = Array.from({ length: count }, () =>
      spawn(process.execPath, this.#args(`render-${++this.#names}`), { stdio: 'ignore' }),
    );
    while (this.#desk.roster.slots() !== 4 * count) await wait(50);
  }

  async stop(): Promise<void> {
    for (const one of this.running) one.kill('SIGTERM');
    while (this.#desk.roster.slots() > 0) await wait(50);
    this.running = [];
  }

  close(): void {
    for (const dir of [this.#scratch, this.#built]) rmSync(dir, { recursive: true, force: true });
  }
}
