export const engineErrorCodes = [
  'cancelled',
  'engine_crashed',
  'engine_unavailable',
  'out_of_resources',
  'voice_missing',
  'voice_corrupt',
  'engine_failed',
] as const;

export type EngineErrorCode = (typeof engineErrorCodes)[number];

export class EngineError extends Error {
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EngineError';
    this.code = code;
  }
}

/** Whatever was thrown as an EngineError: what has no code of its own is engine_failed. */
export function toEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return new EngineError(engineErrorCodes.find((one) => one === code) ?? 'engine_failed', message, { cause: error });
}
