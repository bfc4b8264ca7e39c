/** Base64 and UTF-8 that work in Node and in browsers. */

interface BufferLike {
  from(
    data: ArrayBufferLike | string,
    a?: number | string,
    b?: number,
  ): Uint8Array & { toString(encoding: string): string };
}

const nodeBuffer = (globalThis as { Buffer?: BufferLike }).Buffer ?? null;

/** @param buffer Node's, which is faster; null where there is none */
export function toBase64(bytes: Uint8Array, buffer: BufferLike | null = nodeBuffer): string {
  if (buffer !== null) return buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  let text = '';
  // String.fromCharCode takes its input as arguments, whose number is limited.
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** Null when the text is not base64. */
export function fromBase64(text: string, buffer: BufferLike | null = nodeBuffer): Uint8Array | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  if (buffer !== null) return new Uint8Array(buffer.from(text, 'base64'));
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

/** Whether a frame takes more than `max` bytes, text as UTF-8. */
export function isLonger(frame: string | Uint8Array, max: number): boolean {
  if (typeof frame !== 'string') return frame.byteLength > max;
  // A UTF-16 unit takes 1 to 3 bytes, so most text need not be encoded to be measured.
  if (frame.length > max) return true;
  return frame.length * 3 > max && new TextEncoder().encode(frame).byteLength > max;
}
