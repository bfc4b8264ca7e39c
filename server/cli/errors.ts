import { type ErrorCode, isErrorCode } from '../../protocol/errors.ts';
import { printableLines } from '../../protocol/printable.ts';
import { diskReason } from '../util/disk-reason.ts';

/** Codes of what can go wrong on this side of the wire; every other code is one of protocol/errors.ts. */
const cliErrors = {
  usage: 'The command line is wrong.',
  no_server: 'No foleyd server answers at this address.',
  no_recipe: 'The file contains no foleyd recipe.',
  voice_mismatch: 'The voice that made the clip is not the one that is installed.',
  no_audio: 'The sound could not be played.',
  service_failed: 'The service manager of this system refused, or there is none.',
} as const satisfies Record<string, string>;

export type CliCode = keyof typeof cliErrors | ErrorCode;

/** 0: all well. 1: it failed, see the code on stderr. 2: the command line is wrong. 130: interrupted. */
export const exits = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** A failure with a code that scripts can rely on; printed as `foleyd: code: message`. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliCode;

  constructor(code: CliCode, message: string, cause?: unknown) {
    super(printableLines(message), cause === undefined ? undefined : { cause });
    this.code = code;
  }

  get exit(): number {
    return this.code === 'usage' ? exits.usage : exits.failed;
  }
}

/** What was thrown, as a CliError: a coded error keeps its code, anything else is `internal`. */
export function toCliError(thrown: unknown): CliError {
  if (thrown instanceof CliError) return thrown;
  if (!(thrown instanceof Error)) return new CliError('internal', String(thrown));
  const code: unknown = 'code' in thrown ? thrown.code : undefined;
  if (thrown.name === 'ConfigError') return new CliError('usage', thrown.message, thrown);
  if (isErrorCode(code)) return new CliError(code, thrown.message, thrown);
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) {
    if (code === 'EADDRINUSE') return new CliError('port_in_use', thrown.message, thrown);
    const { path: place, syscall } = thrown as NodeJS.ErrnoException;
    // Of the file system, with a path; of sockets the system's own words say more.
    const isFile = place !== undefined || /^(read|write|open|stat|uv_cwd|mkdir|rename)$/.test(syscall ?? '');
    const why = isFile ? `${place === undefined ? '' : `${place}: `}${diskReason(thrown)}` : thrown.message;
    return new CliError('io_error', why, thrown);
  }
  return new CliError('internal', thrown.stack ?? thrown.message, thrown);
}
