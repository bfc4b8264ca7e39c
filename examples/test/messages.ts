import { readMessage, replyAddress } from '../../protocol/codecs/osc-request.ts';
import { commandNames, commandOf, type OscArg, ProtocolError, parseArgs } from '../../protocol/index.ts';

/** An OSC message as a source writes it; null stands for what is only known when it runs. */
export interface Written {
  address: string;
  args: (string | number | null)[];
  /** Whether that is all of them: a spread may add more. */
  whole: boolean;
}

const forms = new Map(
  commandNames.flatMap((name) => {
    const { osc } = commandOf(name);
    return osc === null ? [] : [[osc.address, osc] as const];
  }),
);

const replies = new Set([
  ...[...forms.values()].flatMap(({ replies }) =>
    Object.values(replies)
      .flat()
      .map(({ address }) => address),
  ),
  ...['/foley/failed', '/foley/cancelled', '/late'],
]);

/** Every address of ours that a text has in it, in whatever language. */
export function addressesIn(text: string): string[] {
  return [...text.matchAll(/(?<![\w/.*])\/foley(?:\/[a-z]+)+(?![\w/])/g)].map(([address]) => address);
}

/** Why nobody sends or hears this address; null for one that is declared. */
export function addressFault(address: string): string | null {
  if (address === replyAddress || address.startsWith('/foley/state/')) return null;
  return forms.has(address) || replies.has(address) ? null : `${address} is not declared`;
}

/**
 * Messages in a language whose strings have quotes: an address, then the rest of the call it is in. Lists and sclang's
 * and Ruby's symbols are read as what is in them.
 */
export function callsIn(text: string): Written[] {
  return [...text.matchAll(/(['"])(\/foley(?:\/[a-z]+)+)\1/g)].flatMap((match) => {
    const address = match[2] ?? '';
    if (!forms.has(address) && address !== replyAddress) return [];
    const { parts, whole } = argumentsOf(text.slice((match.index ?? 0) + match[0].length));
    return [{ address, args: parts.map(literal), whole }];
  });
}

/** Texts up to the bracket that ends the call, or up to the end of the line where there is none. */
function argumentsOf(rest: string): { parts: string[]; whole: boolean } {
  const parts: string[] = [];
  let [depth, part, quote] = [0, '', ''];
  for (const char of rest) {
    if (quote !== '') {
      part += char;
      if (char === quote) quote = '';
      continue;
    }
    if (char === '"' || char === "'") quote = char;
    if ('([{'.includes(char)) depth++;
    if (')]}'.includes(char) && depth-- === 0) break;
    if (char === ';' || (char === '\n' && depth === 0 && (part.trim() !== '' || parts.length === 0))) break;
    // A list right after the address is the list of arguments, as in python-osc.
    if (char === '[' && depth === 1 && parts.every((one) => one.trim() === '') && part.trim() === '') {
      depth = 0;
    } else if (char === ',' && depth === 0) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  const all = [...parts, part].map((one) => one.trim()).filter((one) => one !== '');
  const spread = all.findIndex((one) => /^(\*|\.\.\.)/.test(one));
  return { parts: spread < 0 ? all : all.slice(0, spread), whole: spread < 0 };
}

function literal(text: string): string | number | null {
  const quoted = /^(["'])(.*)\1$/s.exec(text);
  if (quoted !== null && !/[#%]\{?/.test(text)) return quoted[2] ?? '';
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (/^(true|false)$/i.test(text)) return /^t/i.test(text) ? 1 : 0;
  const symbol = /^[:\\](\w+)$/.exec(text);
  return symbol?.[1] ?? null;
}

/** Messages as Max, Pd and people write them: words after the address, `$1` for what comes in. */
export function wordsOf(text: string): Written {
  const [address = '', ...words] = text.trim().split(/\s+/);
  const args = words.map((word) => (word.startsWith('$') ? null : /^-?\d+(\.\d*)?$/.test(word) ? Number(word) : word));
  return { address, args, whole: true };
}

function argumentNames(address: string): Set<unknown> {
  const name = commandNames.find((one) => commandOf(one).osc?.address === address);
  return new Set(name === undefined ? [] : Object.keys(commandOf(name).args.shape));
}

/** Why foleyd would refuse this message; null for one that it takes. Unknown values stand for those of the example. */
export function messageFault({ address, args, whole }: Written): string | null {
  const example = forms.get(address)?.example ?? [];
  const names = forms.get(address)?.pairs === true ? argumentNames(address) : new Set();
  const isName = (i: number) => i > 0 && names.has(args[i]);
  // Of a pair whose value is not known the name was the point.
  const kept = args.filter((arg, i) => !(arg === null && isName(i - 1)) && !(isName(i) && args[i + 1] === null));
  const known = kept.map((arg, i) => arg ?? example[i] ?? 1);
  // What a spread adds is not known: what must be there, pairs included, may be in it.
  const fixed = forms.get(address)?.args.length ?? 0;
  const given = whole || known.length > fixed ? known : [...known, ...example.slice(known.length)];
  const typed = given.map((value): OscArg => {
    if (typeof value === 'string') return { type: 'string', value };
    return Number.isInteger(value) ? { type: 'integer', value } : { type: 'float', value: Math.fround(value) };
  });
  const item = readMessage({ address, args: typed });
  if (item.kind === 'refused') return `${address} ${JSON.stringify(args)}: ${item.error.message}`;
  if (item.kind === 'reply' || item.kind === 'nothing') return null;
  try {
    parseArgs(item.cmd, item.args);
    return null;
  } catch (error) {
    if (error instanceof ProtocolError) return `${address} ${JSON.stringify(args)}: ${error.message}`;
    throw error;
  }
}
