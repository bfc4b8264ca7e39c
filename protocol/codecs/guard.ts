import { isPlainObject } from '../envelope.ts';
import { ProtocolError } from '../errors.ts';
import { limits } from '../limits.ts';

/**
 * Refuses decoded values that would surprise what comes after: too deep, too many parts, keys that reach prototypes,
 * numbers that are not finite. The recursion is bounded by `limits.depth`.
 */
export function guard(value: unknown): void {
  let nodes = 0;
  const visit = (part: unknown, depth: number) => {
    if (++nodes > limits.nodes)
      throw new ProtocolError('malformed', `more than ${limits.nodes} values in one message; send fewer in each`);
    if (typeof part === 'number' && !Number.isFinite(part))
      throw new ProtocolError('malformed', 'a number is not finite or is out of range');
    if (typeof part !== 'object' || part === null || part instanceof Uint8Array) return;
    if (depth >= limits.depth) throw new ProtocolError('malformed', `nested deeper than ${limits.depth}`);
    const entries = Array.isArray(part) ? part.length : Object.keys(part).length;
    if (entries > limits.entries)
      throw new ProtocolError(
        'malformed',
        `more than ${limits.entries} entries in one array or map; send fewer in each`,
      );
    if (Array.isArray(part)) {
      for (const item of part) visit(item, depth + 1);
    } else {
      if (!isPlainObject(part))
        throw new ProtocolError(
          'malformed',
          'a value has an unknown type; expected null, a boolean, a number, a string, bytes, an array or a map',
        );
      for (const key of Object.keys(part)) {
        if (key === '__proto__')
          throw new ProtocolError('malformed', 'the key "__proto__" is not allowed; leave it out');
        visit(part[key], depth + 1);
      }
    }
  };
  visit(value, 0);
}

/** Runs `read` after the guard; an error still learns the request's id if one was readable. */
export function guarded<T>(value: unknown, read: (value: unknown) => T): T {
  try {
    guard(value);
  } catch (error) {
    const id = isPlainObject(value) && Object.hasOwn(value, 'id') ? value.id : undefined;
    const usable = typeof id === 'string' && id.length >= 1 && id.length <= limits.idChars ? id : undefined;
    throw error instanceof ProtocolError ? error.withId(usable) : error;
  }
  return read(value);
}
