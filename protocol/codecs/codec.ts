import type { Answer, Request } from '../envelope.ts';

export type CodecName = 'json' | 'msgpack';

/** Bytes to messages and back, for frame-based transports. Decoders throw only ProtocolError. */
export interface Codec {
  readonly name: CodecName;
  /** WebSocket subprotocol. */
  readonly subprotocol: string;
  /** Whether it sends binary frames. */
  readonly binary: boolean;
  /**
   * Server side: one frame to a request whose envelope is valid; `malformed`, `too_large` or `bad_envelope`, with the
   * id when it was readable.
   */
  decode(frame: string | Uint8Array): Request;
  /** Server side. Uint8Array fields of `data` are bytes; they are copied. */
  encode(answer: Answer): string | Uint8Array;
  /** Client side. */
  encodeRequest(request: Request): string | Uint8Array;
  /** Client side; declared byte fields come back as Uint8Array. */
  decodeAnswer(frame: string | Uint8Array): Answer;
}
