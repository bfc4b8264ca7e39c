/** How frames travel to a server, and what must hold of what comes back whatever was sent. */
import { isErrorCode } from '../../../protocol/index.ts';
import { ADMIN, type Role, type Running } from './server.ts';

export interface Frame {
  bytes: Uint8Array;
  /** Of a request that is right as an envelope: it must end exactly once. */
  id?: string;
  /** Where it is cut into pieces that are sent one by one. */
  cuts?: number[];
  /** Command of such a request. */
  cmd?: string;
}

export interface Sent {
  /** Requests that became jobs, that were done, and that were refused. */
  accepted: number;
  done: number;
  refused: number;
  /** Frames that were read, where that is not all of them. */
  read?: number;
  /** How often each command of a frame that is right ended with what: `done` or a code. */
  ends: Map<string, Map<string, number>>;
}

export const nothing = (): Sent => ({ accepted: 0, done: 0, refused: 0, ends: new Map() });

/** Sends frames of one client. Throws where the server breaks a promise; `hear` gets what was answered. */
export type Carrier = (
  server: Running,
  role: Role,
  frames: readonly Frame[],
  hear: (data: unknown) => void,
) => Promise<Sent>;

/** The server did what it must not. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

export function checkFailed(code: unknown, message: unknown): void {
  if (!isErrorCode(code) || code === 'internal') throw new Broken(`answered with ${String(code)}: ${String(message)}`);
  if (typeof message === 'string' && message.length > 4000)
    throw new Broken('a message echoes what was sent at length');
}

export const pieces = ({ bytes, cuts = [] }: Frame): Uint8Array[] => {
  const ends = [...cuts.filter((at) => at < bytes.length).sort((a, b) => a - b), bytes.length];
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
};

export const tokenOf = (role: Role): Record<string, string> =>
  role === 'admin' ? { authorization: `Bearer ${ADMIN}` } : {};

let counted = 0;

/** Of requests that a carrier sends of its own. */
export function nextNumber(): number {
  return ++counted;
}
