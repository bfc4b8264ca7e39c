/** Everything that reads bytes from outside, each with frames that are right, as far into the server as the dispatcher. */
import { type GoldenFile, type Recording, readAll } from '../../../protocol/golden/record.ts';
import { jsonCodec, msgpackCodec } from '../../../protocol/index.ts';
import { farmEvents, farmJob, farmOutcome } from './farm-parsers.ts';
import { card, manifest, markers, reference, sheet, sidecar } from './file-parsers.ts';
import { answersOf, bundles, httpBodies, midi, oscQueryTexts, overOsc, overWs } from './message-parsers.ts';
import { bytes, type Parser, unhex } from './parser.ts';
import { connections, dataFolder, mdnsPackets } from './server-parsers.ts';
import { delivered, recording, wav } from './sound-parsers.ts';
import { config, deliveryRule, soundNames, times } from './text-parsers.ts';
import { fingerprints, graph, voicePackage } from './voice-parsers.ts';

export async function allParsers(): Promise<Parser[]> {
  const golden = [...(await readAll())].map(([, text]) => JSON.parse(text) as GoldenFile);
  const answers = golden.flatMap(({ events }) => Object.values(events));
  const json = (all: readonly Recording[]): Uint8Array[] => all.map((one) => bytes(one.json));
  const msgpack = (all: readonly Recording[]): Uint8Array[] => all.map((one) => unhex(one.msgpack));
  const requests = golden.map(({ request }) => request);
  const packets = requests.flatMap(({ osc = [] }) => osc.map(unhex));
  return [
    overWs(jsonCodec, json(requests)),
    overWs(msgpackCodec, msgpack(requests)),
    answersOf(jsonCodec, json(answers)),
    answersOf(msgpackCodec, msgpack(answers)),
    overOsc('osc', true, [...packets, ...bundles(packets)]),
    overOsc('oscquery text', false, oscQueryTexts()),
    httpBodies(),
    midi(),
    wav(),
    delivered(),
    sheet(),
    markers(),
    recording(),
    sidecar(),
    card(),
    reference(),
    manifest(),
    graph(),
    fingerprints(),
    farmJob(),
    farmEvents(),
    farmOutcome(),
    mdnsPackets(),
    config(),
    times(),
    soundNames(),
    deliveryRule(),
  ];
}

/** Commands of whoever may only play. */
export async function messageParsers(): Promise<Parser[]> {
  const requests = [...(await readAll())].map(([, text]) => (JSON.parse(text) as GoldenFile).request);
  return [
    overWs(
      jsonCodec,
      requests.map((one) => bytes(one.json)),
      'play',
    ),
    overWs(
      msgpackCodec,
      requests.map((one) => unhex(one.msgpack)),
      'play',
    ),
  ];
}

/** Those that need a disk, or a whole server, for each frame, by their names. */
export const slowParsers: Readonly<Record<string, () => Parser | Promise<Parser>>> = {
  'voice packages': voicePackage,
  connections,
  'data folders': dataFolder,
};
