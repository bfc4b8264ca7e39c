/** Everything that reads bytes from outside, each with frames that are right, as far into the server as the dispatcher. */
import { type GoldenFile, type Recording, readAll } from '../../../protocol/golden/record.ts';
import { jsonCodec, msgpackCodec } from '../../../protocol/index.ts';
import { card, manifest, markers, reference, sheet, sidecar } from './file-parsers.ts';
import { answersOf, bundles, httpBodies, midi, oscQueryTexts, overOsc, overWs } from './message-parsers.ts';
import { bytes, type Parser, unhex } from './parser.ts';
import { delivered, recording, wav } from './sound-parsers.ts';

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
  ];
}
