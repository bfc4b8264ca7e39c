import { ProtocolError } from '../../../protocol/index.ts';

/** What `assert.rejects` takes: an error of this code, whose message says why. */
export function failed(code: string, why = /./) {
  return (error: unknown): boolean => error instanceof ProtocolError && error.code === code && why.test(error.message);
}
