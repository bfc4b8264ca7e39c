import { randomBytes } from 'node:crypto';

const ID = /^[0-9a-f]{16}$/;

/** An id of a clip, a job or a stream: 64 random bits, so that it cannot be guessed, in hexadecimal. */
export function newId(): string {
  return randomBytes(8).toString('hex');
}

export function isId(text: string): boolean {
  return ID.test(text);
}
