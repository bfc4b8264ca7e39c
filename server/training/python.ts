import { type ExecFileException, execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { ProtocolError } from '../../protocol/index.ts';
import { ShortageError, shortageIn, shortageSaid } from '../util/shortage.ts';
import { trainerEnvironment } from '../util/trainer-environment.ts';

/** How the trainer is started: its command takes the place of `foley-train`. */
export interface TrainerCommand {
  file: string;
  args: string[];
  env: NodeJS.ProcessEnv;
}

export interface Finder {
  /** Rejects with python_missing or trainer_missing, saying what to install, or out_of_resources: nobody knows then. */
  find(): Promise<TrainerCommand>;
}

export interface TrainerPlace {
  /** Folder with the package `foley_trainer`. */
  folder: string;
  /** An interpreter that a person named; it is used and no other. */
  python?: string | undefined;
}

const CHECK =
  'import sys; assert sys.version_info >= (3, 10); print("python"); import foley_trainer.cli; print("trainer")';

/**
 * The trainer of this machine: by the interpreter that was named, the trainer's own environment, or the system's.
 * What was found is kept; what was not is looked for again, since it may have been installed meanwhile.
 */
export class TrainerFinder implements Finder {
  readonly #place: TrainerPlace;
  #found: TrainerCommand | null = null;
  #looking: Promise<TrainerCommand> | null = null;

  constructor(place: TrainerPlace) {
    this.#place = place;
  }

  /** One process at a time looks, however many wait for it: each loads the trainer's libraries. */
  find(): Promise<TrainerCommand> {
    if (this.#found !== null) return Promise.resolve(this.#found);
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #look(): Promise<TrainerCommand> {
    const { folder } = this.#place;
    const env = { ...process.env, PYTHONPATH: folder, PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' };
    let best: { said: string; command: string } | null = null;
    for (const [file = '', ...args] of this.#tries()) {
      const { said, complaint } = await run(file, [...args, '-c', CHECK], env);
      if (said.includes('trainer')) {
        this.#found = { file, args: [...args, '-m', 'foley_trainer.cli'], env };
        return this.#found;
      }
      if (said.includes('python')) best ??= { said: complaint, command: [file, ...args].join(' ') };
    }
    if (best === null) {
      const message =
        this.#place.python === undefined
          ? 'training needs Python 3.10 or newer: install it, then its packages with: foleyd trainer install'
          : `training needs Python 3.10 or newer, and ${this.#place.python} is not`;
      throw new ProtocolError('python_missing', message);
    }
    throw new ProtocolError(
      'trainer_missing',
      `${best.command} lacks what training needs (${best.said}); install it with: ${this.#place.python === undefined ? 'foleyd trainer install' : this.#install(best.command)}`,
    );
  }

  #tries(): string[][] {
    const { python } = this.#place;
    if (python !== undefined) return [[python]];
    const own = this.#interpreter();
    return [
      ...(existsSync(own) ? [[own]] : []),
      ...(process.platform === 'win32' ? [['py', '-3'], ['python']] : [['python3'], ['python']]),
    ];
  }

  #interpreter(): string {
    const venv = trainerEnvironment(this.#place.folder);
    return path.join(venv, ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']));
  }

  #install(python: string): string {
    return `${python} -m pip install -r ${path.join(this.#place.folder, 'requirements.txt')}`;
  }
}

const PATIENCE_MS = 120_000;

/** Rejects where its answer would say nothing about what is installed. */
function run(file: string, args: string[], env: NodeJS.ProcessEnv): Promise<{ said: string; complaint: string }> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { env, timeout: PATIENCE_MS }, (error, said, stderr) => {
      const complaint = stderr.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
      const why = error === null ? null : (shortageIn(error) ?? shortageSaid(complaint) ?? unfinished(error));
      if (why === null) resolve({ said, complaint });
      else reject(new ShortageError(`${file} could not be started to look for the trainer: ${why}`, { cause: error }));
    });
  });
}

/** Why it was ended before it could answer; null where it ended by itself. */
function unfinished({ killed, signal }: ExecFileException): string | null {
  if (killed === true) return `it gave no answer in ${PATIENCE_MS / 1000} s; try again when the machine is less busy`;
  // The system ends what takes the last memory.
  return signal === 'SIGKILL' ? 'it was killed (SIGKILL), probably for lack of memory; end other programs' : null;
}
