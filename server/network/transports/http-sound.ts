import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, type EventData, isTerminal, ProtocolError, type Role } from '../../../protocol/index.ts';
import { readBody } from './http-body.ts';
import { readCommand, sendAnswer, serveOnce } from './http-commands.ts';
import type { TransportContext } from './transport.ts';

type Form = 'wav' | 'raw';
type Format = 'f32' | 's16';

export interface SoundOptions extends TransportContext {
  messageBytes: number;
  /** Bytes that may wait for a client that does not read. */
  stuckBytes: number;
  /** What stands before the samples of a WAV whose end nobody knows yet; `recipe` says what makes it. */
  endlessWavHead: (rate: number, format: Format, recipe: object | undefined) => Uint8Array;
}

/**
 * `POST /v1/<cmd>` of a command that sounds: the response is the sound as it is made, a WAV without a length or bare
 * samples, until the command ends; leaving ends it. What fails before it begins is answered as everywhere.
 */
export async function handleSound(
  request: IncomingMessage,
  response: ServerResponse,
  cmd: string,
  role: Role,
  options: SoundOptions,
): Promise<void> {
  const form = formOf(request.headers.accept);
  const body = await readBody(request, response, options.messageBytes);
  let format: Format = 'f32';
  const read = (): ReturnType<typeof readCommand> => {
    const command = readCommand(cmd, body);
    // Looked at once the command is accepted, and so checked.
    const args = command.args as { format?: Format; revise?: boolean };
    format = args.format ?? format;
    if (args.revise === true) {
      const message = 'args.revise: what was sent over HTTP cannot be replaced; expected false, or a WebSocket';
      throw new ProtocolError('bad_args', message, { path: 'args.revise' });
    }
    return command;
  };
  await serveOnce(request, response, role, options, read, (answer) => {
    if (response.writableEnded || response.destroyed) return;
    if (answer.event === 'accepted') begin(response, form, answer, format, options.endlessWavHead);
    else if (answer.event === 'audio') sound(response, answer, options);
    else if (isTerminal(answer.event)) end(request, response, answer);
  });
}

/** What the client reads. Throws bad_args where that is neither. */
function formOf(accept = '*/*'): Form {
  if (/audio\/(x-|vnd\.)?wave?\b|audio\/\*|\*\/\*/i.test(accept)) return 'wav';
  if (/application\/octet-stream\b/i.test(accept)) return 'raw';
  const message = `Accept: ${accept.slice(0, 80)}: a stream is audio/wav, or application/octet-stream for bare samples`;
  throw new ProtocolError('bad_args', message, { path: 'Accept' });
}

function begin(
  response: ServerResponse,
  form: Form,
  { data }: Answer,
  format: Format,
  wavHead: SoundOptions['endlessWavHead'],
): void {
  const { stream, seed, class: label, rate, recipe } = data as EventData<'stream.start', 'accepted'>;
  response.writeHead(200, {
    'Content-Type': form === 'wav' ? 'audio/wav' : 'application/octet-stream',
    'Cache-Control': 'no-store',
    'Foleyd-Stream': encodeURIComponent(stream),
    'Foleyd-Seed': seed,
    'Foleyd-Class': encodeURIComponent(typeof label === 'string' ? label : JSON.stringify(label)),
    'Foleyd-Rate': rate,
    'Foleyd-Format': format,
  });
  if (form === 'wav') response.write(wavHead(rate, format, recipe));
  else response.flushHeaders();
}

function sound(response: ServerResponse, { data }: Answer, { stuckBytes, log }: SoundOptions): void {
  if (response.writableLength > stuckBytes) {
    log('warn', 'an HTTP stream was ended: its client does not read', {
      code: 'slow_client',
      waiting: response.writableLength,
    });
    response.destroy();
    return;
  }
  response.write(data.pcm as Uint8Array);
}

function end(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (!response.headersSent) sendAnswer(request, response, answer);
  else if (answer.event === 'done') response.end();
  // Without the last chunk of its coding the client knows that it was cut off.
  else response.destroy();
}
