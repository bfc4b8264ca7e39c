import { exits } from './errors.ts';

/** Writes to standard output and resolves when the bytes have left the process; a reader that is slow is waited for. */
export function writeOut(bytes: Uint8Array | string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error == null ? resolve() : reject(error)));
  });
}

let watched = false;

/**
 * Ends the process when nobody reads its output any more: quietly where the reader left (`| head -1`), with one line
 * where a disk is full (`> file`). Nothing that standard error cannot take is worth a stack.
 */
export function onBrokenPipe(): void {
  if (watched) return;
  watched = true;
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE')
      process.stderr.write(`foleyd: io_error: standard output could not be written: ${error.code ?? error.message}\n`);
    process.exit(error.code === 'EPIPE' ? exits.ok : exits.failed);
  });
}
