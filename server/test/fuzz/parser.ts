/** What a parser under attack looks like, and what may come of a frame: an answer, or an error with a code. */
import { type Answer, isErrorCode, ProtocolError } from '../../../protocol/index.ts';

export interface Parser {
  name: string;
  /** Frames that are right. */
  frames: readonly Uint8Array[];
  /**
   * Takes a frame as what carries it does; `base` is the number of the frame that it was made of. Says what came of it,
   * in a word or several. Throws whatever is a fault.
   */
  take(frame: Uint8Array, base: number): string | Promise<string>;
  /** Things that came of all frames so far, and the most that may come of one of so many bytes. */
  came?: { count: () => number; most: (bytes: number) => number };
  /** Brings it back to its beginning before frames that are right. */
  rest?: () => void;
  close?: () => void | Promise<void>;
}

/** The error's code. Throws anything that has none, `internal` included: nothing from outside is a fault of the server. */
export function coded(error: unknown): string {
  if (error instanceof ProtocolError && error.code !== 'internal') {
    assertSaid(error.code, error.message);
    return error.code;
  }
  throw error;
}

export function assertSaid(code: unknown, message: unknown): void {
  if (!isErrorCode(code) || code === 'internal') throw new Error(`answered with ${String(code)}: ${String(message)}`);
  assertShort(message);
}

/** What is refused is not said again as a whole. */
export function assertShort(message: unknown): void {
  if (typeof message !== 'string' || message.length > 2000) throw new Error('a message echoes what was sent at length');
}

/** Whether what came of a frame is that it was not taken. */
export function isRefusal(said: string): boolean {
  return (
    said === 'refused' || said.split(' ').some((one) => isErrorCode(one) || ['none', '/foley/failed'].includes(one))
  );
}

/** What an answer says in a word. */
export function word({ event, data }: Pick<Answer, 'event' | 'data'>): string {
  if (event !== 'failed') return event;
  assertSaid(data.code, data.message);
  return String(data.code);
}

export function attempt(read: () => void): string {
  try {
    read();
    return 'read';
  } catch (error) {
    return coded(error);
  }
}

/** How a clip is sampled, where that is not what is read. */
export const sampled = { classWeights: [0, 1], seed: 7, temperature: 1, topK: 0, topP: 1, rate: 22_050 };

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export const unhex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
