import { withoutMark } from '../byte-order-mark.ts';
import { type Answer, parseAnswer, parseRequest } from '../envelope.ts';
import { ProtocolError } from '../errors.ts';
import { limits } from '../limits.ts';
import { bin } from './bin.ts';
import { fromBase64, isLonger, toBase64 } from './bytes.ts';
import type { Codec } from './codec.ts';
import { guarded } from './guard.ts';

/** Subprotocol `foley.v1.json`: text frames; declared byte fields are base64 strings. */
export const jsonCodec: Codec = {
  name: 'json',
  subprotocol: 'foley.v1.json',
  binary: false,
  decode: (frame) => guarded(parse(frame, limits.frameBytes), parseRequest),
  encode: (answer) => JSON.stringify({ id: answer.id, event: answer.event, data: withBase64(answer.data) }),
  encodeRequest: (request) => JSON.stringify({ id: request.id, cmd: request.cmd, args: withBase64(request.args) }),
  decodeAnswer: (frame) => withBytes(parseAnswer(parse(frame, limits.answerFrameBytes))),
};

function parse(frame: string | Uint8Array, maxBytes: number): unknown {
  if (isLonger(frame, maxBytes))
    throw new ProtocolError('too_large', `the message is too large; expected at most ${maxBytes} bytes`);
  try {
    // V8 parses without recursion, so nesting cannot exhaust the stack here; the guard bounds it afterwards.
    const text = typeof frame === 'string' ? frame : new TextDecoder('utf-8', { fatal: true }).decode(frame);
    // The decoder takes a byte order mark away; in text that came decoded it is still there.
    return JSON.parse(withoutMark(text));
  } catch (cause) {
    throw new ProtocolError('malformed', 'not valid JSON; expected an object {id, cmd, args}', { cause });
  }
}

/** Bytes as base64; the fields below the first level have none. */
export function withBase64(data: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(data);
  if (!entries.some(([, value]) => value instanceof Uint8Array)) return data;
  return Object.fromEntries(
    entries.map(([key, value]) => [key, value instanceof Uint8Array ? toBase64(value) : value]),
  );
}

function withBytes(answer: Answer): Answer {
  for (const field of bin.fields(answer.event)) {
    const text = answer.data[field];
    if (text === undefined) continue;
    const bytes = typeof text === 'string' ? fromBase64(text) : null;
    if (bytes === null)
      throw new ProtocolError('malformed', `data.${field}: expected base64`, { path: `data.${field}` });
    answer.data[field] = bytes;
  }
  return answer;
}
