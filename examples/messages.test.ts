import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { addressesIn, addressFault, callsIn, messageFault, type Written, wordsOf } from './test/messages.ts';
import { example } from './test/stage.ts';

/** Languages whose strings have quotes. */
const quoted = new Set(['.sc', '.scd', '.schelp', '.py', '.js', '.mjs', '.ts', '.rb', '.lua']);

async function files(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = entries.map((entry) => {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) return /^(\.venv|node_modules|__pycache__|test)$/.test(entry.name) ? [] : files(at);
    return /\.test\.ts$/.test(entry.name) ? [] : [at];
  });
  return (await Promise.all(found)).flat();
}

/** Messages that a file sends, where its kind is one that can be read. */
function messagesIn(file: string, text: string): Written[] {
  if (quoted.has(path.extname(file))) return callsIn(text);
  switch (path.extname(file)) {
    case '.maxpat':
      return (JSON.parse(text) as { patcher: { boxes: { box: { maxclass: string; text?: string } }[] } }).patcher.boxes
        .filter(({ box }) => box.maxclass === 'message' && box.text?.startsWith('/foley/') === true)
        .map(({ box }) => wordsOf(box.text ?? ''));
    case '.json':
      return layoutMessages(JSON.parse(text));
    case '.sh':
      return [...text.matchAll(/^\s*oscsend \S+ \S+ (\/foley\S*) (.+)$/gm)].map(([, address = '', rest = '']) => {
        const [types = '', ...args] = rest.trim().split(/\s+/);
        const known = args.map((arg, i) => (arg.includes('$') ? null : types[i] === 's' ? arg : Number(arg)));
        return { address, args: known, whole: !rest.includes('$@') && !rest.endsWith('\\') };
      });
    case '.ReaperOSC':
      return [...text.matchAll(/^#\s+(\/foley\/.+?)\s{2,}/gm)].map((match) => wordsOf(match[1] ?? ''));
    case '.pd':
      return [...text.matchAll(/\\; foley-(generate|stream) ([^;]+);/g)].map(([, to, words = '']) =>
        wordsOf(to === 'stream' ? `/foley/stream/${words}` : `/foley/generate ${words}`),
      );
    default:
      return [];
  }
}

/** Widgets of Open Stage Control: preArgs are sent, then the value; a momentary button has none, a text sends nothing. */
function layoutMessages(widget: unknown): Written[] {
  if (Array.isArray(widget)) return widget.flatMap(layoutMessages);
  if (typeof widget !== 'object' || widget === null) return [];
  const inner = Object.values(widget).flatMap(layoutMessages);
  const { address, preArgs, bypass, mode, on } = widget as Record<string, unknown>;
  if (typeof address !== 'string' || bypass === true) return inner;
  const before = Array.isArray(preArgs) ? preArgs : preArgs === '' ? [] : [preArgs];
  const args = [...before, ...(mode === 'momentary' ? [] : [on])].map((arg) =>
    typeof arg === 'number' || (typeof arg === 'string' && !arg.includes('@{')) ? arg : null,
  );
  return [{ address, args, whole: true }, ...inner];
}

test('every OSC address in the examples is one of foleyd, and every message is one that it takes', async () => {
  const seen = { addresses: 0, messages: 0 };
  const faults: string[] = [];
  for (const file of await files(example(''))) {
    const text = await readFile(file, 'utf8');
    const name = path.relative(example(''), file);
    const addresses = addressesIn(text);
    const messages = messagesIn(file, text);
    seen.addresses += addresses.length;
    seen.messages += messages.length;
    for (const fault of [...addresses.map(addressFault), ...messages.map(messageFault)])
      if (fault !== null) faults.push(`${name}: ${fault}`);
  }
  assert.deepEqual(faults, []);
  assert.ok(seen.addresses > 40 && seen.messages > 20, JSON.stringify(seen));
});

test('a wrong message is found, whatever it is written in', () => {
  const wrong: (string | null)[] = [
    ...addressesIn("OSCdef(\\x, {}, '/foley/finished')").map(addressFault),
    ...callsIn('client.send_message("/foley/generate", [request, sound, int(seed), "temprature", 0.9])').map(
      messageFault,
    ),
    ...callsIn("addr.sendMsg('/foley/hit', name, 300);").map(messageFault),
    ...callsIn('osc_send "127.0.0.1", 9248, "/foley/cancel"\nplay 60').map(messageFault),
    messageFault(wordsOf('/foley/map pad1 DogBark ready many')),
    messageFault(wordsOf('/foley/stop pad1 fade')),
  ];
  assert.equal(wrong.filter((fault) => fault !== null).length, 6, JSON.stringify(wrong));
  assert.deepEqual(callsIn("a.sendMsg('/foley/map', name, \\Rain, *pairs); b('x', 1)"), [
    { address: '/foley/map', args: [null, 'Rain'], whole: false },
  ]);
});
