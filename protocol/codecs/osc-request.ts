import { safeParse, type z } from 'zod';
import type { Command, OscForm } from '../commands/define.ts';
import { type CommandName, commandNames, commandOf } from '../commands/index.ts';
import { show } from '../envelope.ts';
import { ProtocolError } from '../errors.ts';
import { limits } from '../limits.ts';
import { didYouMean } from '../suggestion.ts';
import type { OscArg, OscMessage } from './osc-packet.ts';
import { coerce, FLOAT_EXACT, isRequired, numberOf, plainValue, truthOf } from './osc-words.ts';

/** What one OSC message asks for. */
export type OscItem =
  /**
   * A command. `id` is the sender's; null where the form has none and the transport draws one. `echo` goes first in
   * answers.
   */
  | {
      kind: 'request';
      id: string | null;
      echo: OscArg;
      cmd: CommandName;
      args: Record<string, unknown>;
      /** Port that the answers to this message go to, where it chose one. */
      reply?: number;
    }
  /** `/foley/reply port`: answers to this sender go to that port from now on; 0 is its own again. */
  | { kind: 'reply'; port: number }
  /** The release of a button whose press is a command. */
  | { kind: 'nothing' }
  | { kind: 'refused'; echo: OscArg; error: ProtocolError; reply?: number };

/** Chooses the port that answers go to; a matter of the transport, so no command. */
export const replyAddress = '/foley/reply';

const addresses = new Map<string, { command: Command; name: CommandName; form: OscForm }>();
for (const name of commandNames) {
  const command = commandOf(name);
  if (command.osc !== null) addresses.set(command.osc.address, { command, name, form: command.osc });
}

/** Whether a user has mapped this address to a sound. */
export type IsMapped = (address: string) => boolean;

/** `/foley/reply/9300/foley/generate`: the port for one message, of programs that send each from another port of their own. */
const replyForOne = /^\/foley\/reply\/(\d{1,5})(\/.*)$/;

/** Reads one message. Addresses are compared literally: a pattern could be made to cost seconds. Never throws. */
export function readMessage(message: OscMessage, isMapped: IsMapped = () => false): OscItem {
  const [, port = '', address = ''] = replyForOne.exec(message.address) ?? [];
  if (port === '') return readPlain(message, isMapped);
  const item = readPlain({ ...message, address }, isMapped);
  if (item.kind === 'nothing') return item;
  if (item.kind !== 'reply' && Number(port) >= 1 && Number(port) <= 65_535) return { ...item, reply: Number(port) };
  const error = new ProtocolError(
    'bad_args',
    `${show(message.address)}: expected /foley/reply/<port from 1 to 65535>/<address>, as /foley/reply/9300/foley/info`,
  );
  return { kind: 'refused', echo: { type: 'string', value: message.address.slice(0, limits.idChars) }, error };
}

function readPlain({ address, args }: OscMessage, isMapped: IsMapped): OscItem {
  let echo: OscArg = { type: 'string', value: address.slice(0, limits.idChars) };
  try {
    if (address === replyAddress) return { kind: 'reply', port: readPort(args) };
    const found = addresses.get(address);
    if (found === undefined && isMapped(address)) {
      return {
        kind: 'request',
        id: null,
        echo,
        cmd: 'trigger.fire',
        args: { osc: address, velocity: velocityOf(args) },
      };
    }
    if (found === undefined) throw unknownAddress(address);
    const { command, name, form } = found;
    if (form.id === 'none') {
      const button = args.length === 1 ? buttonOf(unwrapped(args[0]!), form) : null;
      if (button === false) return { kind: 'nothing' };
      const given = button === true ? [] : args;
      return { kind: 'request', id: null, echo, cmd: name, args: readArgs(given, command, form) };
    }
    const [first, ...rest] = args;
    const id = readId(first);
    echo = first ?? echo;
    if (form.id === 'own') return { kind: 'request', id, echo, cmd: name, args: readArgs(rest, command, form) };
    const target = form.args[0] ?? 'request';
    const others = readArgs(rest, command, { ...form, args: form.args.slice(1) });
    return { kind: 'request', id: null, echo, cmd: name, args: { [target]: id, ...others } };
  } catch (error) {
    if (error instanceof ProtocolError) return { kind: 'refused', echo, error };
    throw error;
  }
}

/** Ordered arguments, then pairs. They may begin early, where the next ordered one may be left out. */
function readArgs(sent: readonly OscArg[], command: Command, form: OscForm): Record<string, unknown> {
  const given = sent.map(unwrapped);
  const shape = command.args.shape;
  const args: Record<string, unknown> = {};
  const set = (name: string, arg: OscArg) => {
    const schema = Object.hasOwn(shape, name) ? shape[name] : undefined;
    const fail = (message: string) => badArgument(name, message);
    if (schema === undefined) throw fail(`unknown argument${didYouMean(name, Object.keys(shape))}`);
    if (Object.hasOwn(form.fixed, name)) throw fail('cannot be chosen over OSC; use WebSocket or HTTP');
    if (Object.hasOwn(args, name)) throw fail('given twice; expected once');
    const value = plainValue(arg);
    // It may have been another number: as a seed it would give another clip, and nobody would know.
    if (arg.type === 'float' && Math.abs(arg.value) > FLOAT_EXACT && Number.isFinite(arg.value))
      throw fail(`a float holds whole numbers exactly only up to ${FLOAT_EXACT}; send int32, int64, double or text`);
    if (value === undefined) throw fail(`OSC type ${arg.type} is not supported; send text, a number, or true or false`);
    if (value === null) return;
    const words = form.words !== undefined && Object.hasOwn(form.words, name) ? form.words[name] : undefined;
    args[name] =
      words !== undefined && typeof value === 'string' ? words(value) : argumentOf(value, schema, form, name);
  };

  let at = 0;
  for (const name of form.args) {
    const arg = given[at];
    const schema = shape[name];
    if (arg === undefined || schema === undefined) break;
    if (
      form.pairs &&
      !isRequired(schema) &&
      beginsPairs(arg, (word) => argumentOf(word, schema, form, name), schema, shape)
    )
      break;
    set(name, arg);
    at++;
  }
  const pairs = given.slice(at);
  if (pairs.length > 0 && !form.pairs)
    throw new ProtocolError(
      'bad_args',
      `${form.address}: ${pairs.length} unexpected extra argument${pairs.length === 1 ? '' : 's'}`,
      {
        path: 'args',
      },
    );
  for (let i = 0; i < pairs.length; i += 2) {
    const [key, value] = [pairs[i], pairs[i + 1]];
    const name = key === undefined ? undefined : plainValue(key);
    if (typeof name !== 'string')
      throw new ProtocolError('bad_args', `expected an argument name at position ${at + i + 1}`, { path: 'args' });
    if (value === undefined) throw badArgument(name, 'missing; expected its value after its name');
    set(name, value);
  }
  return { ...args, ...form.fixed };
}

/**
 * A word in the place of an ordered argument that may be left out: another argument's name, or nothing that this one
 * could be.
 */
function beginsPairs(arg: OscArg, read: (word: string) => unknown, schema: z.core.$ZodType, shape: object): boolean {
  return arg.type === 'string' && (Object.hasOwn(shape, arg.value) || !safeParse(schema, read(arg.value)).success);
}

function argumentOf(value: string | number | boolean, schema: z.core.$ZodType, form: OscForm, name: string): unknown {
  // A button's true and false, as at an address of a user's own.
  const read = coerce(form.velocity === name && typeof value === 'boolean' ? Number(value) : value, schema);
  return typeof read === 'number' && form.velocity === name ? shareOf(read) : read;
}

function badArgument(name: string, message: string): ProtocolError {
  const path = `args.${name.slice(0, 40)}`;
  return new ProtocolError('bad_args', `${path}: ${message}`, { path });
}

function unknownAddress(address: string): ProtocolError {
  const near = didYouMean(address, addresses.keys()) || '; PROTOCOL.md lists all addresses';
  return new ProtocolError('unknown_command', `${show(address)}: unknown address${near}`);
}

/** Ids are strings or whole numbers, which some tools send as floats; 1 and "1" are the same id. */
function readId(arg: OscArg | undefined): string {
  const value = arg === undefined ? undefined : plainValue(arg);
  const id = typeof value === 'number' && Number.isInteger(value) ? String(value) : value;
  if (typeof id === 'string' && id.length >= 1 && id.length <= limits.idChars) return id;
  const kinds = `a string of 1 to ${limits.idChars} characters or an int32`;
  throw new ProtocolError('bad_envelope', `id: expected ${kinds} as the first argument`, { path: 'id' });
}

/**
 * What a button says that has to send something with a command that needs nothing: pressed or released, or null for
 * what no button sends. Nil and impulse are OSCQuery's, 1.0 and 0.0 those of TouchOSC, Companion and most others.
 */
function buttonOf(arg: OscArg, { args, button }: OscForm): boolean | null {
  if (arg.type === 'null' || arg.type === 'bang') return true;
  // Of a command that could be given something, 1 and "1" may be that.
  const isPlain = args.length === 0 || (button === true && ['float', 'double', 'true', 'false'].includes(arg.type));
  // Of one that takes nothing, it may come as text.
  const value = isPlain ? truthOf(numberOf(plainValue(arg))) : undefined;
  return typeof value === 'boolean' ? value : value === 1 ? true : value === 0 ? false : null;
}

/** Some apps put a lone value into brackets. */
function unwrapped(arg: OscArg): OscArg {
  return arg.type === 'array' && arg.value.length === 1 ? arg.value[0]! : arg;
}

/** The first number, or text that reads as one. Without one it is full. Throws bad_args. */
function velocityOf(args: readonly OscArg[]): number {
  for (const arg of args.map(unwrapped)) {
    const value = numberOf(plainValue(arg));
    if (typeof value === 'boolean') return value ? 1 : 0;
    if (typeof value !== 'number') continue;
    if (!Number.isFinite(value))
      throw new ProtocolError('bad_args', 'velocity: expected a finite number', { path: 'args.velocity' });
    return Math.max(0, Math.min(1, shareOf(value)));
  }
  return 1;
}

/** A velocity up to 1 is the share of full, one above it MIDI's, of 127. */
function shareOf(velocity: number): number {
  return velocity > 1 && velocity <= 127 ? velocity / 127 : velocity;
}

function readPort(args: readonly OscArg[]): number {
  const value = args[0] === undefined ? undefined : plainValue(args[0]);
  const port = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new ProtocolError('bad_args', 'port: expected a number from 0 to 65535', { path: 'args.port' });
}
