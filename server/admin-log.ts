import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';

/** Who did what with the admin role. */
export interface AdminAction {
  cmd: string;
  args: unknown;
  session: string;
  transport: string;
}

/** One file of so many bytes, and one before it. */
const MOST_BYTES = 4 * 2 ** 20;
/** Of an action's arguments; more is cut. */
const MOST_CHARS = 4096;

/** Admin actions as JSON lines, appended before they are done. What the disk refuses is reported, and stops nothing. */
export class AdminLog {
  readonly #file: string;
  readonly #onProblem: (error: unknown) => void;
  #last: Promise<void> = Promise.resolve();

  constructor(file: string, onProblem: (error: unknown) => void) {
    this.#file = file;
    this.#onProblem = onProblem;
  }

  add({ args, ...action }: AdminAction): Promise<void> {
    const line = JSON.stringify({
      when: new Date().toISOString(),
      ...action,
      args: JSON.stringify(args).slice(0, MOST_CHARS),
    });
    this.#last = this.#last.then(() => this.#write(`${line}\n`)).catch(this.#onProblem);
    return this.#last;
  }

  async #write(line: string): Promise<void> {
    await mkdir(path.dirname(this.#file), { recursive: true });
    const found = await stat(this.#file).catch(() => null);
    if (found !== null && found.size > MOST_BYTES) await rename(this.#file, `${this.#file}.1`);
    await appendFile(this.#file, line);
  }
}
