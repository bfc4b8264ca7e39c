/** How a room of the server logs: a message for a person, and fields for machines; `err` is an error. */
export type LogLine = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields?: Record<string, unknown>,
) => void;
