/** Each limit of the protocol's table and each promise of SECURITY.md is a row: a test of its own here, or the name of one elsewhere. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { jsonCodec, limits, msgpackCodec, parseArgs } from '../../protocol/index.ts';
import type { GenerationContext } from '../generation/context.ts';
import { DetachedJobs } from '../generation/detached-jobs.ts';
import { hand } from '../handlers/export.ts';
import { failed } from './support/failed.ts';
import { connectInProcess } from './support/memory-client.ts';
import { newServer } from './support/server.ts';

const root = new URL('../../', import.meta.url);

/** A test elsewhere: its file, and its name as far as it tells it from others. */
type Elsewhere = readonly [file: string, name: string];
type Row = Elsewhere | readonly Elsewhere[] | ((t: TestContext) => unknown);

const text = (length: number): string => 'a'.repeat(length);
const list = <T>(length: number, one: (i: number) => T): T[] => Array.from({ length }, (_, i) => one(i));

/** Arguments are taken at the limit and refused beyond it, with the argument named. */
function bounds(cmd: string, make: (value: number) => Record<string, unknown>, most: number, beyond = most + 1): Row {
  return () => {
    parseArgs(cmd, make(most));
    assert.throws(() => parseArgs(cmd, make(beyond)), failed('bad_args'), `${cmd} takes ${beyond}`);
  };
}

const generate = (field: string) => (value: number) => ({ class: 'Rain', [field]: value });
const request = (args: unknown, id = 'a'): string => JSON.stringify({ id, cmd: 'server.ping', args });
const keeping = (): GenerationContext =>
  ({ session: {}, signal: new AbortController().signal, setJob: () => undefined, emit: () => undefined }) as never;

const limitRows: Record<keyof typeof limits, Row> = {
  frameBytes: ['server/test/abuse/ws.test.ts', 'a frame larger than the limit closes its own connection with 1009'],
  answerFrameBytes: () => {
    const frame = new Uint8Array(limits.answerFrameBytes + 1);
    for (const codec of [jsonCodec, msgpackCodec]) assert.throws(() => codec.decodeAnswer(frame), failed('too_large'));
  },
  idChars: () => {
    assert.equal(jsonCodec.decode(request({}, text(limits.idChars))).id.length, limits.idChars);
    assert.throws(() => jsonCodec.decode(request({}, text(limits.idChars + 1))), failed('bad_envelope'));
  },
  depth: ['protocol/codecs/msgpack.test.ts', 'depth bombs are refused, one level less than the limit is not'],
  nodes: () => {
    // The envelope and the lists around them count, too.
    const of = (values: number): string => request({ a: list(10, () => list(values / 10, () => 0)) });
    jsonCodec.decode(of(limits.nodes - 20));
    assert.throws(() => jsonCodec.decode(of(limits.nodes)), failed('malformed'));
  },
  entries: () => {
    for (const codec of [jsonCodec, msgpackCodec]) {
      const of = (entries: number) =>
        codec.encodeRequest({ id: 'a', cmd: 'server.ping', args: { a: list(entries, () => 0) } });
      codec.decode(of(limits.entries));
      assert.throws(() => codec.decode(of(limits.entries + 1)), failed('malformed'), codec.name);
    }
  },
  nameChars: bounds('clip.get', (n) => ({ clip: text(n) }), limits.nameChars),
  payloadChars: bounds('server.ping', (n) => ({ payload: text(n) }), limits.payloadChars),
  mixClasses: bounds(
    'foley.generate',
    (n) => ({ class: Object.fromEntries(list(n, (i) => [`c${i}`, 1])) }),
    limits.mixClasses,
  ),
  count: bounds('foley.generate', generate('count'), limits.count),
  candidates: bounds('foley.generate', generate('candidates'), limits.candidates),
  nearest: bounds('voice.nearest', (count) => ({ clip: 'c', count }), limits.nearest),
  keptMs: async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const jobs = new DetachedJobs();
    const keep = async (context: GenerationContext) => {
      context.setJob('j');
      return {} as never;
    };
    await jobs.keep(keeping(), keep);
    const attach = () => jobs.attach('j', () => undefined, new AbortController().signal);
    t.mock.timers.tick(limits.keptMs - 1);
    await attach();
    t.mock.timers.tick(1);
    await assert.rejects(attach(), failed('unknown_job'));
  },
  keptJobs: async () => {
    const jobs = new DetachedJobs();
    const run = (i: number) =>
      jobs.keep(keeping(), (context) => {
        context.setJob(`j${i}`);
        return new Promise(() => undefined);
      });
    for (let i = 0; i < limits.keptJobs; i++) void run(i);
    await assert.rejects(run(limits.keptJobs), failed('queue_full'));
  },
  keptBytes: ['server/generation/detached-jobs.test.ts', 'kept jobs that run have one bound for all'],
  maps: async (t) => {
    const client = (await newServer(t, { config: { output: 'none' } })).app.connect();
    const maps = list(limits.maps, (i) => ({ id: `m${i}`, class: 'Rain', ready: 1 }));
    await client.call('trigger.import', { maps });
    await assert.rejects(client.call('trigger.map', { id: 'more', class: 'Rain', ready: 1 }), failed('bad_args'));
  },
  poolClips: bounds('trigger.map', (n) => ({ id: 'm', class: 'Rain', ready: n }), limits.poolClips),
  poolTotal: async (t) => {
    const client = (await newServer(t, { config: { output: 'none' } })).app.connect();
    const ready = limits.poolClips;
    const maps = list(limits.poolTotal / ready, (i) => ({ id: `m${i}`, class: 'Rain', ready }));
    await client.call('trigger.import', { maps });
    await assert.rejects(client.call('trigger.map', { id: 'more', class: 'Rain', ready: 1 }), failed('bad_args'));
  },
  poolBytes: ['server/triggers/bank.test.ts', 'all pools together hold no more bytes than they may'],
  timelineSeconds: bounds('clip.export', (at) => ({ clip: 'c', at }), limits.timelineSeconds),
  stemSeconds: [
    'server/test/spot.test.ts',
    'every cue gets its takes, named by its number, and each onset lies on the cue',
  ],
  seconds: bounds('foley.generate', generate('length'), limits.seconds),
  batchFiles: async (t) => {
    const client = (await newServer(t)).app.connect();
    const rows = list(Math.ceil(limits.batchFiles / limits.count), () => ({ class: 'Rain', count: limits.count }));
    await assert.rejects(client.call('clip.batch', { rows }), failed('bad_args'));
  },
  sentFileBytes: async () => {
    const made = (size: number) => ({ bytes: { byteLength: size }, stem: 'a', ending: 'wav' }) as never;
    const wanted = { to: 'bytes', folder: '' } as const;
    assert.equal((await hand({} as never, wanted, made(limits.sentFileBytes))).bytes, limits.sentFileBytes);
    await assert.rejects(hand({} as never, wanted, made(limits.sentFileBytes + 1)), failed('too_large'));
  },
  notesChars: bounds('dataset.add', (n) => ({ dataset: 'd', upload: 'u', notes: text(n) }), limits.notesChars),
  uploadChunkChars: bounds(
    'voice.upload',
    (n) => ({ upload: 'u', data: 'A'.repeat(n) }),
    limits.uploadChunkChars,
    limits.uploadChunkChars + 4,
  ),
  voiceFileBytes: ['server/test/voice-file.test.ts', 'a voice that is too large is refused before it is read'],
  voicePieceBytes: bounds('voice.export', (n) => ({ length: n }), limits.voicePieceBytes),
  compareVoices: bounds('voice.compare', (n) => ({ voices: list(n, (i) => `v${i}`) }), limits.compareVoices),
  trainingMinutes: bounds(
    'admin.retrain',
    (n) => ({ voice: 'v', datasets: ['d'], minutes: n }),
    limits.trainingMinutes,
  ),
  trainingSteps: bounds('admin.retrain', (n) => ({ voice: 'v', datasets: ['d'], steps: n }), limits.trainingSteps),
  seedMax: bounds('foley.generate', generate('seed'), limits.seedMax),
  drawnSeedMax: async (t) => {
    const client = (await newServer(t)).app.connect();
    for (let i = 0; i < 20; i++) {
      const { clips } = await client.call('foley.generate', { class: 'Rain', rows: false, audio: false });
      assert.ok((clips as { seed: number }[])[0]!.seed <= limits.drawnSeedMax);
    }
  },
  rateMin: bounds('foley.generate', generate('rate'), limits.rateMin, limits.rateMin - 1),
  rateMax: bounds('foley.generate', generate('rate'), limits.rateMax),
  topKMax: bounds('foley.generate', generate('topK'), limits.topKMax),
  densityMax: bounds('foley.generate', generate('density'), limits.densityMax),
  temperatureMax: bounds('foley.generate', generate('temperature'), limits.temperatureMax),
  guidanceMax: bounds('foley.generate', generate('guidance'), limits.guidanceMax),
  spectrumPoints: bounds(
    'foley.generate',
    (n) => ({ class: 'Rain', spectrum: { points: list(n, (i) => ({ hz: i + 1, level: 0 })) } }),
    limits.spectrumPoints,
  ),
  envelopePoints: bounds(
    'foley.generate',
    (n) => ({ class: 'Rain', envelope: { cues: list(n, () => ({ at: 0 })) } }),
    limits.envelopePoints,
  ),
  levelMin: bounds(
    'foley.generate',
    (n) => ({ class: 'Rain', envelope: { levels: [n] } }),
    limits.levelMin,
    limits.levelMin - 1,
  ),
  audioChunkFrames: async (t) => {
    const { app } = await newServer(t, { engine: { samples: 3 * limits.audioChunkFrames } });
    const asked = connectInProcess(app).ask('foley.generate', { class: 'Rain', format: 's16' });
    await asked.end;
    const frames = asked.answers.flatMap(({ event, data }) =>
      event === 'audio' ? [(data.pcm as Uint8Array).length / 2] : [],
    );
    const all = frames.reduce((sum, one) => sum + one, 0);
    assert.deepEqual([Math.max(...frames), all], [limits.audioChunkFrames, 3 * limits.audioChunkFrames]);
  },
  connections: [
    ['server/test/regression/held-connections.test.ts', 'WebSockets that say nothing lock nobody out'],
    ['server/network/transports/connection-slots.test.ts', 'another machine has a share of the slots'],
  ],
  connectionIdleMs: [
    'server/network/transports/connection-slots.test.ts',
    'WebSockets that never said anything give way oldest first, then the one silent for longest',
  ],
  openRequests: [
    ['server/test/abuse/ws.test.ts', 'one connection cannot fill the queue of the others'],
    ['server/test/regression/pipelined-requests.test.ts', 'a connection with more open requests than it may have'],
  ],
  streams: [
    'server/test/stream.test.ts',
    'no more streams than the server allows play at a time, and those of clients that vanish end',
  ],
  streamSeconds: ['server/test/stream.test.ts', 'bad input gets its code, and nothing else of it'],
  streamChanges: bounds(
    'stream.start',
    (n) => ({ class: 'Rain', changes: list(n, (step) => ({ step, level: 0 })) }),
    limits.streamChanges,
  ),
  streamQuietMs: ['server/test/stream-lease.test.ts', 'a stream of a client that fell silent ends, and says why'],
  streamKeepSeconds: bounds(
    'stream.keep',
    (seconds) => ({ stream: '4f2c4e5d6a7b8190', seconds }),
    limits.streamKeepSeconds,
  ),
  watches: async (t) => {
    const client = connectInProcess((await newServer(t)).app);
    for (let i = 0; i < limits.watches; i++) await client.ask('server.watch').first('accepted');
    assert.equal((await client.ask('server.watch').end).data.code, 'queue_full');
  },
  watchesTotal: ['server/test/abuse/osc-watch.test.ts', 'all clients together watch a bounded number of times'],
  watchQuietMs: ['server/test/abuse/osc-watch.test.ts', 'a watch ends when its client falls silent'],
  watchPerSecond: ['server/test/abuse/osc-watch.test.ts', 'what a watch is sent in a second is bounded'],
  queueJobs: async (t) => {
    const { app, engine } = await newServer(t, { config: { limits: { queueJobs: 3 } } });
    engine.hold();
    const client = connectInProcess(app);
    const asked = list(5, (seed) => client.ask('foley.generate', { class: 'Rain', seed }));
    assert.equal((await asked[4]!.end).data.code, 'queue_full');
    engine.release();
    for (const { end } of asked.slice(0, 4)) assert.equal((await end).event, 'done');
  },
  bufferedSoftBytes: ['server/test/abuse/slow.test.ts', 'a client that reads too slowly misses progress, never an end'],
  bufferedHardBytes: ['server/test/abuse/slow.test.ts', 'a client that never reads is closed with slow_client'],
  oscDatagramBytes: [
    'protocol/codecs/osc-bundle.test.ts',
    'bundles too deep, messages too many and datagrams too large',
  ],
  oscArgs: ['protocol/codecs/osc-bundle.test.ts', 'bundles too deep, messages too many and datagrams too large'],
  oscMessages: ['protocol/codecs/osc-bundle.test.ts', 'bundles too deep, messages too many and datagrams too large'],
  oscDepth: ['protocol/codecs/osc-bundle.test.ts', 'bundles too deep, messages too many and datagrams too large'],
  oscFreeBytes: ['server/test/abuse/osc.test.ts', 'small requests of another machine do not draw a flood of answers'],
  oscFreeBytesPerSecond: ['server/network/transports/osc-allowance.test.ts', 'what goes out in a window is bounded'],
  oscAmplification: ['server/network/transports/osc-allowance.test.ts', 'what goes out in a window is bounded'],
  oscHorizonMs: ['protocol/codecs/osc-bundle.test.ts', 'a timetag beyond the horizon is refused under the id'],
};

/** By the beginning of each promise. */
const promiseRows: Record<string, readonly Elsewhere[]> = {
  'The server listens on this machine only': [
    ['server/config.test.ts', 'without settings the server stays on loopback'],
    ['server/config.test.ts', 'a host beyond loopback refuses to start without a token'],
    ['server/config.test.ts', 'OSC beyond loopback refuses to start without a list of senders'],
  ],
  'Two roles': [
    ['server/test/contract/roles.test.ts', 'without a token, where one is asked for, no command is let in'],
    ['server/test/abuse/roles.test.ts', 'everyone on this machine may play without a token, and nobody is an admin'],
  ],
  'Pages of other origins and foreign Host headers': [
    ['server/test/abuse/http.test.ts', 'other names, other pages and missing tokens are refused on every path'],
    ['server/network/transports/guard.test.ts', 'programs and pages of this machine may connect'],
  ],
  'Every size, count, time and queue has a limit': [['server/test/promises.test.ts', 'test(`limit $']],
  'No path from a client leads out of its folder': [
    ['server/delivery/folder.test.ts', 'no name and no folder leads out of it'],
    ['server/training/uploads.test.ts', 'names that could leave the folder'],
    ['server/clips/store.test.ts', 'what is not an id finds nothing, wherever it points'],
    ['server/test/torture/faults.test.ts', 'whichever write fails'],
  ],
  'Imported voices are data': [
    [
      'server/test/voice-file-forged.test.ts',
      'what could execute, reaches for other files, or makes no clip is refused',
    ],
  ],
  'Compressed input is bounded before it is unpacked': [
    ['server/test/abuse/http.test.ts', 'a body that is compressed is refused in words'],
    ['models/trainer/tests/test_segment.py', 'recordings_that_are_longer_than_allowed_are_refused'],
    ['server/training/datasets.test.ts', 'making a data set ends when it takes more memory'],
    [
      'server/test/regression/npz-shared-bytes.test.ts',
      'a compressed .npz is refused before anything of it is unpacked',
    ],
  ],
  'Tokens are stored as hashes': [
    ['server/network/access/tokens.test.ts', 'only a hash is kept'],
    ['server/test/abuse/tokens.test.ts', 'wrong tokens are counted in the log of admins, which never shows one'],
    ['protocol/redact.test.ts', 'what is declared secret is hidden'],
  ],
  'Nothing is sent anywhere': [['server/test/regression/no-telemetry.test.ts', 'making a clip writes nothing']],
};

const read = (file: string): string => readFileSync(fileURLToPath(new URL(file, root)), 'utf8');

function isTested([file, name]: Elsewhere): void {
  assert.ok(read(file).includes(name), `${file} has no test "${name}"`);
}

const isOne = (row: Elsewhere | readonly Elsewhere[]): row is Elsewhere => typeof row[0] === 'string';

for (const [name, row] of Object.entries(limitRows))
  test(`limit ${name}`, async (t) => {
    if (typeof row === 'function') await row(t);
    else if (isOne(row)) isTested(row);
    else row.forEach(isTested);
  });

test('each promise of SECURITY.md has its tests, and no test is of a promise that is not made', () => {
  const [, promised = ''] = read('SECURITY.md').split('## What is promised');
  const made = promised.split('## What is not')[0]!.split('\n- ').slice(1);
  const rows = Object.entries(promiseRows);
  for (const promise of made)
    assert.ok(
      rows.some(([begin]) => promise.startsWith(begin)),
      `untested: ${promise}`,
    );
  assert.equal(rows.length, made.length);
  for (const [, tests] of rows) for (const one of tests) isTested(one);
});
