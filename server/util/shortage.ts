/** What the system says where it has none left to give, and what to do about it. */
const SHORTAGES: Readonly<Record<string, string>> = {
  EMFILE: 'the server has no free file descriptors (EMFILE); try again later, or raise its limit (ulimit -n)',
  ENFILE: 'the machine has no free file descriptors (ENFILE); end other programs, or try again later',
  EAGAIN: 'no further process or thread can be started (EAGAIN); end other programs, or raise the limit (ulimit -u)',
  ENOMEM: 'the machine has no free memory (ENOMEM); end other programs, or try again later',
};

/** What other programs and libraries write when they are told the same. */
const SAID: readonly [said: RegExp, code: string][] = [
  [/\[Errno 24\]|Too many open files(?! in system)/, 'EMFILE'],
  [/\[Errno 23\]|Too many open files in system/, 'ENFILE'],
  [/\[Errno 11\]|pthread_create|can't start new thread|Resource temporarily unavailable/, 'EAGAIN'],
  [/\[Errno 12\]|MemoryError|bad_alloc|bad allocation|[Cc]annot allocate memory|Failed to allocate memory/, 'ENOMEM'],
];

/** Something could not be had just now: nothing is missing or damaged, and the same may go well later. */
export class ShortageError extends Error {
  override readonly name = 'ShortageError';
  readonly code = 'out_of_resources';
}

/** Why an error of the system's is a shortage; null where it is none. */
export function shortageIn(error: unknown): string | null {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  // A file that answers EAGAIN is one that is not read like this: only a process or thread that cannot begin is meant.
  if (typeof code !== 'string' || (code === 'EAGAIN' && syscall?.startsWith('spawn') !== true)) return null;
  return SHORTAGES[code] ?? null;
}

/** The same in what another program, or a library, said. */
export function shortageSaid(text: string): string | null {
  const code = SAID.find(([said]) => said.test(text))?.[1];
  return code === undefined ? null : SHORTAGES[code]!;
}

/** An error of the system's as a ShortageError, which says of what it kept us; null where it is none. */
export function shortageOf(error: unknown, what: string): ShortageError | null {
  const why = shortageIn(error);
  return why === null ? null : new ShortageError(`${what}: ${why}`, { cause: error });
}

/** Throws it. Whoever calls this takes all other errors for something else. */
export function throwShortage(error: unknown, what: string): void {
  const shortage = shortageOf(error, what);
  if (shortage !== null) throw shortage;
}

/** For `catch`: the fallback, but for a shortage, which is thrown again as a ShortageError. */
export function unlessShort<T>(fallback: T, what: string): (error: unknown) => T {
  return (error) => {
    throwShortage(error, what);
    return fallback;
  };
}
