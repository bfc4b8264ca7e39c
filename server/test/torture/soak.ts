/** Hours of a show in minutes: slow readers, clients that vanish, many busy ones, streams, other voices, pads; then how much has grown. */
import { connect } from 'node:net';
import process from 'node:process';
import WebSocket from 'ws';
import { jsonCodec, limits } from '../../../protocol/index.ts';
import { seededUniform } from '../../evaluation/measure.ts';
import type { Figures } from './host.ts';
import { ADMIN, newFolder, type Running, removeFolder, type StartOptions, start, within } from './server.ts';

export interface SoakReport {
  rounds: number;
  requests: number;
  ended: number;
  vanished: number;
  slow: number;
  hits: number;
  /** Streams that were played to their end, those whose client vanished, and changes of both. */
  streams: number;
  lostStreams: number;
  changes: number;
  activations: number;
  engineKills: number;
  /** Memory and descriptors when it is warm, and at the end, with nobody there. */
  before: Figures;
  after: Figures;
  /** The same on the way, about once a minute. */
  series: (Figures & { seconds: number; rounds: number })[];
  stall: number;
  seconds: number;
}

/** Clients at a time; of a voice that takes its time fewer. */
const BUSY = { fixtures: 64, default: 16 };
/** Between looks at a server that has nothing to do. */
const LOOK_MS = 60_000;
const FLAGS = ['--limits', 'clips=100'];
/** Voices that follow each other, by the engine. */
const VOICES = { real: ['tiny', 'tiny-time'], scripted: ['tiny', 'tiny-time'], default: ['default', 'tiny-stacked'] };

/** Keeps a server busy for so long. Throws where a request of a client that stays has not exactly one end. */
export async function soak(
  ms: number,
  seed: number,
  options: StartOptions = {},
  onProgress: (line: string) => void = () => undefined,
  isOver: () => boolean = () => false,
): Promise<SoakReport> {
  const random = seededUniform(seed);
  const data = await newFolder();
  const server = await within(start(data, { ...options, flags: FLAGS }), 'the start', 180_000);
  const done = { rounds: 0, requests: 0, ended: 0, vanished: 0, slow: 0, hits: 0, activations: 0, engineKills: 0 };
  const counts = { ...done, streams: 0, lostStreams: 0, changes: 0 };
  const { engine = 'real' } = options;
  const scene: Scene = {
    server,
    random,
    counts,
    busy: engine === 'default' ? BUSY.default : BUSY.fixtures,
    voices: VOICES[engine],
    // The scripted engine makes none.
    hasStreams: engine !== 'scripted',
  };
  let stall = 0;
  try {
    await round(scene);
    let before = await rest(server);
    const begun = performance.now();
    const ends = begun + ms;
    const series: SoakReport['series'] = [];
    let looked = begun;
    // The first rounds fill what is kept: clips, pools, caches, and jobs that may be attached to for ten minutes.
    const warm = performance.now() + Math.max(ms / 5, Math.min(ms / 2, limits.keptMs));
    let isWarm = false;
    while (performance.now() < ends && !isOver()) {
      await round(scene);
      counts.rounds += 1;
      const now = await server.figures();
      stall = Math.max(stall, now.stall);
      if (!isWarm && performance.now() > warm) {
        before = await rest(server);
        isWarm = true;
      }
      if (performance.now() - looked < LOOK_MS) continue;
      const resting = await rest(server);
      looked = performance.now();
      series.push({ ...resting, seconds: Math.round((looked - begun) / 1000), rounds: counts.rounds });
      onProgress(`${counts.rounds} rounds, ${lineOf(resting)}`);
    }
    const after = await rest(server);
    // Those engines ended by our own hand.
    const faults = server.faults.filter((line) => !line.includes('engine ended (SIGKILL)'));
    const killed = server.faults.length - faults.length;
    if (faults.length > 0) throw new Error(faults.join('\n'));
    if (killed > counts.engineKills)
      throw new Error(`${killed} engines ended, of which ${counts.engineKills} were killed`);
    return { ...counts, before, after, series, stall, seconds: Math.round((performance.now() - begun) / 1000) };
  } finally {
    if (server.end === null) await server.stop();
    await removeFolder(data);
  }
}

function lineOf({ rss, anonymous, heap, external, descriptors }: Figures): string {
  const [resident, own, v8, outside] = [rss, anonymous ?? 0, heap, external].map((bytes) =>
    Math.round(bytes / 2 ** 20),
  );
  return `${resident} MiB resident, of which ${own} anonymous, ${v8} heap and ${outside} buffers; ${descriptors} descriptors`;
}

type Counts = Omit<SoakReport, 'before' | 'after' | 'series' | 'stall' | 'seconds'>;

interface Scene {
  server: Running;
  random: () => number;
  counts: Counts;
  busy: number;
  voices: readonly string[];
  hasStreams: boolean;
}

/** All that clients do, at once. */
async function round({ server, random, counts, busy, voices, hasStreams }: Scene): Promise<void> {
  const below = (n: number): number => Math.floor(random() * n);
  const clients = await Promise.all(Array.from({ length: busy }, () => server.connect('admin')));
  const [first] = clients as [Awaited<ReturnType<Running['connect']>>];
  await first.ask('trigger.map', { id: 'pad', class: 0, ready: 2, source: { note: 36 } }).end;
  const gone = [vanish(server), vanish(server), dawdle(server), halfRequest(server)];
  if (hasStreams) gone.push(playStream(server, counts, random, true), playStream(server, counts, random, false));
  counts.vanished += 3;
  counts.slow += 1;
  // A device whose cable is pulled out in the middle of a message.
  server.midi(Uint8Array.of(0x90, 36, 100, 0x90, 36));
  counts.hits += 1;
  const asked = clients.map((client) => {
    counts.requests += 1;
    const kind = below(8);
    if (kind === 0) return client.ask('trigger.fire', { id: 'pad' });
    if (kind === 1) return client.ask('clip.list', { limit: 50 });
    if (kind === 2) return client.ask('foley.generate', { class: 0, count: 3, save: true, keep: true });
    return client.ask('foley.generate', { class: below(3), seed: below(1e6), save: below(4) === 0 });
  });
  if (counts.rounds % 4 === 1) {
    counts.activations += 1;
    await within(
      first.ask('admin.activate', { voice: voices[below(voices.length)]!, force: true }).end,
      'another voice',
    );
  }
  if (counts.rounds % 10 === 9) {
    const { pid } = (await first.ask('server.info').end).data.engine as { pid: number | null };
    if (pid !== null && pid !== process.pid) {
      process.kill(pid, 'SIGKILL');
      counts.engineKills += 1;
    }
  }
  for (const { end, id } of asked) {
    await within(end, `the end of request ${id}`);
    counts.ended += 1;
  }
  for (const { inbox } of clients)
    if (inbox.strays.length > 0)
      throw new Error(`an answer to nothing: ${JSON.stringify(inbox.strays[0]).slice(0, 300)}`);
  await Promise.all(gone);
  await Promise.all(clients.map((client) => client.close()));
}

/** Asks for much and is gone. */
async function vanish(server: Running): Promise<void> {
  const client = await server.connect('play');
  client.ask('foley.generate', { class: 0, count: 16, previews: true });
  client.ask('server.watch', {});
  await new Promise((resolve) => setTimeout(resolve, 30));
  client.socket.terminate();
}

/** Starts a stream that takes changes back into what was sent, and changes its class, level and temperature. */
async function playStream(server: Running, counts: Counts, random: () => number, vanishes: boolean): Promise<void> {
  const client = await server.connect('play');
  const as = `soak ${Math.floor(random() * 2 ** 40)}`;
  // The fixtures that go along time have two classes; the other voices refuse a stream, and that is an end too.
  const stream = client.ask('stream.start', { class: 0, as, revise: true, ahead: 1 });
  const begun = await within(Promise.race([stream.first('audio'), stream.end]), 'the beginning of a stream').catch(
    (error: unknown) => ((error as Error).name === 'AssertionError' ? stream.end : Promise.reject(error)),
  );
  for (let i = 0; i < 3 && begun.event === 'audio'; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100 + random() * 300));
    const change = [{ class: 1 }, { class: 2, level: -6 }, { class: 0, temperature: 0.7 }][i]!;
    const set = client.ask('stream.set', { stream: as, ...change });
    // The last is still being made when its client vanishes.
    if (i < 2 || !vanishes) await within(set.end, 'a change of a stream');
    counts.changes += 1;
  }
  if (vanishes) {
    client.socket.terminate();
    counts.lostStreams += 1;
    return;
  }
  client.ask('stream.stop', { stream: as });
  await within(stream.end, 'the end of a stream');
  counts.streams += 1;
  await client.close();
}

/** Asks for much and reads nothing for a while. */
async function dawdle(server: Running): Promise<void> {
  const socket = new WebSocket(server.app.urls.ws ?? '', jsonCodec.subprotocol, {
    headers: { authorization: `Bearer ${ADMIN}` },
  });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('open', resolve));
  socket.pause();
  for (let i = 0; i < 8; i++)
    socket.send(
      JSON.stringify({ id: `slow ${i}`, cmd: 'foley.generate', args: { class: 0, count: 8, previews: true } }),
    );
  await new Promise((resolve) => setTimeout(resolve, 500));
  socket.terminate();
}

/** Begins to say something over HTTP. */
function halfRequest(server: Running): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: server.app.ports.http ?? 0 }, () => {
      socket.write('POST /v1/foley.generate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50\r\n\r\n{"class"');
      setTimeout(() => socket.destroy(), 200);
    });
    socket.on('error', () => undefined);
    socket.once('close', () => resolve());
  });
}

/** What a server takes that has nothing to do. */
async function rest(server: Running): Promise<Figures> {
  const client = await server.connect('admin');
  await client.ask('trigger.unmap', { id: 'pad' }).end;
  for (let open = 1; open > 0; ) {
    const { jobs } = (await client.ask('job.list').end).data as { jobs: { state: string }[] };
    open = jobs.filter(({ state }) => state === 'queued' || state === 'running').length;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await client.close();
  await new Promise((resolve) => setTimeout(resolve, 300));
  return server.figures();
}
