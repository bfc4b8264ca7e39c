import { readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { commandNames, commandOf, jsonCodec, msgpackCodec, encodeOsc, oscMessage } from '../index.ts';
import type { Command, OscForm } from '../commands/define.ts';

/** One message in every codec: JSON as text, the others as hex; OSC may take several datagrams or none. */
export interface Recording {
  json: string;
  msgpack: string;
  osc?: string[];
}

export interface GoldenFile {
  request: Recording;
  events: Record<string, Recording>;
}

const folder = new URL('./', import.meta.url);

/** The declared examples of one command, encoded now. */
export function record(command: Command): GoldenFile {
  const { name, osc, example } = command;
  const { id = 'bark1' } = example;
  const request = { id, cmd: name, args: example.args as Record<string, unknown> };
  const events: Record<string, Recording> = {};
  const failed = { code: 'bad_args', message: 'args.rate: expected a number', path: 'args.rate' };
  for (const [event, data] of Object.entries<Record<string, unknown>>({ ...example.events, failed })) {
    const answer = { id, event, data };
    const datagrams = osc === null ? [] : encodeOsc(name, echoOf(osc), answer).map(hex);
    events[event] = {
      json: String(jsonCodec.encode(answer)),
      msgpack: hex(msgpackCodec.encode(answer)),
      ...(datagrams.length > 0 ? { osc: datagrams } : {}),
    };
  }
  return {
    request: {
      json: String(jsonCodec.encodeRequest(request)),
      msgpack: hex(msgpackCodec.encodeRequest(request)),
      ...(osc === null ? {} : { osc: [hex(oscMessage(osc.address, ...osc.example))] }),
    },
    events,
  };
}

/** Golden files by name, as the current declarations give them. */
export function recordAll(): Map<string, string> {
  return new Map(commandNames.map((name) => [`${name}.json`, `${JSON.stringify(record(commandOf(name)), null, 2)}\n`]));
}

/** Golden files by name, as they are on disk. */
export async function readAll(): Promise<Map<string, string>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, folder), 'utf8')] as const)));
}

async function write(): Promise<void> {
  const files = recordAll();
  for (const name of (await readAll()).keys()) if (!files.has(name)) await unlink(new URL(name, folder));
  for (const [name, text] of files) await writeFile(new URL(name, folder), text);
}

function echoOf(form: OscForm) {
  return { type: 'string', value: form.id === 'none' ? form.address : 'bark1' } as const;
}

function hex(bytes: string | Uint8Array): string {
  return typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('hex');
}

// node --import tsx protocol/golden/record.ts --write
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href && process.argv.includes('--write')) await write();
