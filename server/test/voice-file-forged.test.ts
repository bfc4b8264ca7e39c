/** Files of voices that could execute something, reach for other files, or make no clip. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import {
  appended,
  bytesOf,
  embedder,
  fingerprints,
  fingerprintsOfOthers,
  graph,
  objects,
  pickle,
  tensor,
} from './support/forged-voice.ts';
import { VoiceServers } from './support/voice-servers.ts';

const servers = new VoiceServers();

test('what could execute, reaches for other files, or makes no clip is refused', async () => {
  const before = servers.voicesOf('there');
  const own = (name: string): Buffer => readFileSync(path.join(servers.dataOf('here'), 'voices', 'mine', name));
  const cases: [string, (dir: string) => void, RegExp][] = [
    ['a pickle as a graph', graph(pickle), /not a usable graph/],
    ['weights in another file', graph(appended(...tensor(106, 0))), /weights in another file/],
    ['data_location EXTERNAL', graph(appended(...tensor(112, 1))), /weights in another file/],
    ['operators of others', graph(appended(66, 5, 10, 3, ...bytesOf('x.y'))), /operators of x\.y/],
    ['a node of others', graph(appended(58, 7, 10, 5, 58, 3, ...bytesOf('a.b'))), /operator of/],
    ['functions of its own', graph(appended(202, 1, 2, 10, 0)), /field 25/],
    ['a graph cut short', graph(own('decoder.onnx').subarray(0, 9000)), /./],
    ['another graph in its place', graph(own('vocoder.onnx')), /do not fit its card/],
    ['a pickle as the embedder', embedder('graph', pickle), /not a usable graph/],
    ['another graph as the embedder', embedder('graph', own('vocoder.onnx')), /./],
    ['a pickle as the reference', embedder('reference', pickle), /not an \.npz file/],
    ['objects in the reference', embedder('reference', objects()), /Rain\.mu/],
    ['a pickle as the fingerprints', fingerprints(pickle), /not an \.npz file/],
    ['fingerprints of other classes', fingerprints(fingerprintsOfOthers), /a limit for each of the voice's/],
  ];
  for (const [what, change, why] of cases) {
    const { status, data } = await servers.put(await servers.forged(change), '?as=forged');
    assert.deepEqual([status, data.code], [400, 'bad_voice'], `${what}: ${data.message}`);
    assert.match(data.message, why, what);
    assert.deepEqual(servers.voicesOf('there'), before, what);
  }
  assert.equal((await servers.put(await servers.forged(() => undefined), '?as=not-forged')).status, 200);
});
