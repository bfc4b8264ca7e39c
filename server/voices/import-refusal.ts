import { isErrorCode, ProtocolError } from '../../protocol/index.ts';
import { shortageOf } from '../util/shortage.ts';
import { VoiceFileError } from './archive-format.ts';

/** What was found wrong with a voice is the voice's fault, not the server's; anything else stays what it is. */
export function importRefusal(error: unknown): unknown {
  if (error instanceof ProtocolError && error.code !== 'voice_corrupt') return error;
  if (error instanceof VoiceFileError) return new ProtocolError('bad_voice', error.message, { cause: error });
  const { code, message } = error as { code?: unknown; message: string };
  if (code === 'engine_unavailable' || code === 'out_of_resources' || code === 'shutting_down') return error;
  const shortage = shortageOf(error, 'the voice could not be imported');
  if (shortage !== null) return shortage;
  if (isErrorCode(code)) return new ProtocolError('bad_voice', message, { cause: error });
  if (typeof code === 'string' && /^(E[A-Z]+|ERR_)/.test(code))
    return new ProtocolError('io_error', `the voice could not be imported: ${message}`, { cause: error });
  return error;
}
