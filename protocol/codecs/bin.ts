/**
 * Byte fields per event name. An answer does not name its command, so a field is bytes in all commands or in none. Written
 * down here, and held against the declarations by a test: a client in a page needs these three lines, not every schema.
 */
const fields: Readonly<Record<string, readonly string[]>> = {
  preview: ['pcm'],
  audio: ['pcm'],
  audition: ['wav', 'picture'],
  file: ['content'],
  stem: ['content'],
  done: ['piece', 'content'],
};

export const bin = {
  fields: (event: string): readonly string[] => (Object.hasOwn(fields, event) ? fields[event]! : []),
};
