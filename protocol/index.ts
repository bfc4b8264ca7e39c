export { checkArgs, checkEvent, parseArgs, unknownCommand } from './args.ts';
export {
  type CallOptions,
  Client,
  type ConnectOptions,
  connect,
  type GenerateOptions,
  type WebSocketLike,
} from './client.ts';
export type { Sound } from './client-audio.ts';
export type { Generated, GeneratedClip } from './client-gathering.ts';
export { LastingClient, type LastingOptions } from './client-lasting.ts';
export type { Codec, CodecName } from './codecs/codec.ts';
export { jsonCodec } from './codecs/json.ts';
export { msgpackCodec } from './codecs/msgpack.ts';
export { decodeOsc, encodeOscFailed, type OscBatch, oscMessage } from './codecs/osc.ts';
export type { OscArg, OscMessage } from './codecs/osc-packet.ts';
export { encodeOsc } from './codecs/osc-reply.ts';
export type { OscItem } from './codecs/osc-request.ts';
export { bytesPerSample, decodePcm, encodePcm } from './codecs/pcm.ts';
export {
  bin,
  type Command,
  defineCommand,
  type OscForm,
  type OscReply,
  type Role,
  secret,
} from './commands/define.ts';
export { type EnvelopeArg, envelope, envelopeFromText } from './commands/envelope.ts';
export { type ClassArg, classFromText, folderName, type PcmFormat, type Understood } from './commands/fields.ts';
export { type FileSettings, fileSettings } from './commands/files.ts';
export {
  type Args,
  type ArgsInput,
  type CommandName,
  commandNames,
  commandOf,
  commands,
  type EventData,
  type Events,
  isCommandName,
  isTerminal,
  terminalEvents,
} from './commands/index.ts';
export { makingArgs, shapeArgs } from './commands/making.ts';
export { TRAINING_MINUTES } from './commands/retrain.ts';
export { type SpectrumArg, spectrum, spectrumFromText } from './commands/spectrum.ts';
export type { Hit, PoolState, Underrun } from './commands/trigger-hits.ts';
export { POOL_CANDIDATES, type TriggerMap, type TriggerSource } from './commands/trigger-map.ts';
export { type Answer, type AnswerTo, failedAnswer, parseAnswer, parseRequest, type Request } from './envelope.ts';
export {
  type ErrorCode,
  type ErrorInfo,
  errorCodes,
  errors,
  isErrorCode,
  ProtocolError,
  toProtocolError,
} from './errors.ts';
export { limits } from './limits.ts';
export { measuredBy } from './measured.ts';
export { mixText } from './mix-text.ts';
export {
  access,
  attributes,
  commandMethods,
  extensions,
  nodeAt,
  type OscMethod,
  type OscNode,
  type OscQueryCommand,
  oscQueryChars,
  treeOf,
} from './oscquery.ts';
export { isPrintable, printable, printableLines } from './printable.ts';
export { argsOfRecipe } from './recipe.ts';
export { withoutSecrets } from './redact.ts';
