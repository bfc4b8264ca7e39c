/** What the npm package `@foleyd/client` exports. */
export {
  type CallOptions,
  Client,
  type ConnectOptions,
  connect,
  type Done,
  type GenerateOptions,
  type WebSocketLike,
} from './client.ts';
export type { Sound } from './client-audio.ts';
export type { Generated, GeneratedClip } from './client-gathering.ts';
export { LastingClient, type LastingOptions } from './client-lasting.ts';
export type { ArgsInput, CommandName, EventData, Events } from './commands/index.ts';
export { type ErrorCode, type ErrorInfo, errorCodes, errors, isErrorCode, ProtocolError } from './errors.ts';
