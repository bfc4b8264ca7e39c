import { Decoder } from '@msgpack/msgpack';
import { Packr } from 'msgpackr';
import { parseAnswer, parseRequest } from '../envelope.ts';
import { ProtocolError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Codec } from './codec.ts';
import { guarded } from './guard.ts';
import { scan } from './msgpack-scan.ts';

// The options that keep msgpackr to plain msgpack, which every language reads.
const plain = {
  useRecords: false,
  variableMapSize: true,
  encodeUndefinedAsNil: true,
  moreTypes: false,
  int64AsType: 'auto',
  copyBuffers: true,
};
// The package's types do not know 'auto'.
const packr = new Packr(plain as unknown as NonNullable<ConstructorParameters<typeof Packr>[0]>);

/** Subprotocol `foley.v1.msgpack`: binary frames; byte fields are bin. */
export const msgpackCodec: Codec = {
  name: 'msgpack',
  subprotocol: 'foley.v1.msgpack',
  binary: true,
  decode: (frame) => guarded(unpack(frame, requestBounds), parseRequest),
  encode: ({ id, event, data }) => packr.pack({ id, event, data }),
  encodeRequest: ({ id, cmd, args }) => packr.pack({ id, cmd, args }),
  decodeAnswer: (frame) => parseAnswer(unpack(frame, answerBounds)),
};

interface Bounds {
  bytes: number;
  depth: number;
  entries: number;
}

const requestBounds: Bounds = { bytes: limits.frameBytes, depth: limits.depth, entries: limits.entries };
const answerBounds: Bounds = { bytes: limits.answerFrameBytes, depth: 64, entries: 1 << 20 };

function unpack(frame: string | Uint8Array, bounds: Bounds): unknown {
  if (typeof frame === 'string') throw new ProtocolError('malformed', 'text frame; expected msgpack in binary frames');
  if (frame.byteLength > bounds.bytes)
    throw new ProtocolError('too_large', `the message is too large; expected at most ${bounds.bytes} bytes`);
  // Not a Buffer, whose slices would be Buffers that share memory.
  const bytes = new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength);
  scan(bytes, bounds);
  try {
    return new Decoder({ mapKeyConverter: stringKey }).decode(bytes);
  } catch (cause) {
    throw new ProtocolError('malformed', 'not valid msgpack; expected a map {id, cmd, args}', { cause });
  }
}

function stringKey(key: unknown): string {
  if (typeof key !== 'string') throw new TypeError('map keys are strings');
  return key;
}
