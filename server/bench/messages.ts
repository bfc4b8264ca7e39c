/**
 * Small messages: answers a second of many WebSockets, and what one costs the server. With `--beside` the server of another
 * checkout is measured in turns with this one's.
 * `node --import tsx server/bench/messages.ts [--clients 64] [--seconds 3] [--rounds 5] [--beside DIR]`
 */
import { once } from 'node:events';
import process from 'node:process';
import WebSocket from 'ws';
import { jsonCodec } from '../../protocol/index.ts';
import { type Summary, summary } from './summary.ts';
import { benchFlags, cpuOf, machine, print, startServer } from './support.ts';

const flags = benchFlags({
  clients: { type: 'string', default: '64' },
  seconds: { type: 'string', default: '3' },
  rounds: { type: 'string', default: '5' },
  beside: { type: 'string', default: '' },
});
const { models, voice, threads } = flags;

/** What each client sends, so many at a time; it sends as many again once all have ended. */
const loads = {
  pings: { at: 1, cmd: 'server.ping', args: {} },
  pingsByEight: { at: 8, cmd: 'server.ping', args: {} },
  refusedByEight: { at: 8, cmd: 'trigger.fire', args: { id: 'pad', velocity: 'hard' } },
  hitsByEight: { at: 8, cmd: 'trigger.fire', args: { id: 'nobody' } },
  rows: { at: 1, cmd: 'foley.generate', args: { class: 0, rows: true, previews: true, audio: true } },
} as const;
type Load = keyof typeof loads;

interface Figures {
  perSecond: number;
  /** Microseconds of the server's processor time an answer, progress included; its engine's are not in it. */
  microseconds: number;
}

/** Until `ends`; returns how many answers came. */
async function talk(url: string, { at, cmd, args }: (typeof loads)[Load], ends: number): Promise<number> {
  const socket = new WebSocket(url, jsonCodec.subprotocol, { perMessageDeflate: false });
  await once(socket, 'open');
  let [answers, open, nth] = [0, 0, 0];
  await new Promise<void>((resolve) => {
    const say = (): void => {
      if (performance.now() > ends) {
        resolve();
        return;
      }
      // In one go, as a burst of a controller comes.
      const { _socket: wire } = socket as unknown as { _socket: { cork(): void; uncork(): void } };
      wire.cork();
      for (; open < at; open++) socket.send(JSON.stringify({ id: String(++nth), cmd, args }));
      wire.uncork();
    };
    socket.on('message', (data: Buffer) => {
      answers += 1;
      // Read as little as can be: this process shares the machine with the one that is measured.
      const head = data.subarray(0, 60).toString('latin1');
      if (!/"event":"(done|failed)"/.test(head)) return;
      open -= 1;
      if (open === 0) say();
    });
    say();
  });
  socket.terminate();
  return answers;
}

async function measure(root: string | undefined): Promise<Record<Load, Figures>> {
  const server = await startServer({ models, voice, threads }, root);
  const all: Partial<Record<Load, Figures>> = {};
  for (const [name, load] of Object.entries(loads)) {
    const run = async (seconds: number): Promise<Figures> => {
      const [begun, cpu] = [performance.now(), cpuOf(server.pid)];
      const ends = begun + 1000 * seconds;
      const counts = await Promise.all(
        Array.from({ length: Number(flags.clients) }, () => talk(server.ws, load, ends)),
      );
      const answers = counts.reduce((sum, count) => sum + count, 0);
      const took = (performance.now() - begun) / 1000;
      return { perSecond: answers / took, microseconds: (1000 * (cpuOf(server.pid) - cpu)) / answers };
    };
    await run(0.5);
    all[name as Load] = await run(Number(flags.seconds));
  }
  await server.close();
  return all as Record<Load, Figures>;
}

const names = flags.beside === '' ? (['now'] as const) : (['before', 'now'] as const);
const raw = { before: [] as Record<Load, Figures>[], now: [] as Record<Load, Figures>[] };
for (let round = 0; round < Number(flags.rounds); round++) {
  for (const name of round % 2 === 0 ? names : names.toReversed()) {
    raw[name].push(await measure(name === 'before' ? flags.beside : undefined));
    process.stderr.write(`${name} ${JSON.stringify(raw[name].at(-1))}\n`);
  }
}
const told = (rows: Record<Load, Figures>[]): Record<string, Record<keyof Figures, Summary>> =>
  Object.fromEntries(
    (Object.keys(loads) as Load[]).map((load) => [
      load,
      {
        perSecond: summary(rows.map((row) => row[load].perSecond)),
        microseconds: summary(rows.map((row) => row[load].microseconds)),
      },
    ]),
  );
print({
  bench: 'messages',
  ...machine(),
  voice,
  clients: Number(flags.clients),
  loads,
  ...Object.fromEntries(names.map((name) => [name, told(raw[name])])),
});
