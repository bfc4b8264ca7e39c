/**
 * OSC over loopback: messages a second that are all answered, by offered rate; then random and mutated datagrams, after
 * which nothing may have changed. `node --import tsx server/bench/osc.ts [--datagrams 100000] [--seconds 3]`
 */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { oscMessage } from '../../protocol/index.ts';
import { benchFlags, connect, machine, print, round, startServer } from './support.ts';

const flags = benchFlags({
  datagrams: { type: 'string', default: '100000' },
  seconds: { type: 'string', default: '3' },
});
const { models, voice, threads } = flags;
const server = await startServer({ models, voice, threads });
const client = await connect(server.ws);
const info = async () => (await client.ask('server.info', {})).data as Record<string, unknown>;
const { ports } = (await info()) as { ports: { osc: number } };

async function offered(rate: number): Promise<Record<string, unknown>> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 2 ** 20 });
  let answers = 0;
  socket.on('message', () => {
    answers += 1;
  });
  const message = oscMessage('/foley/ping');
  const count = Math.round(rate * Number(flags.seconds));
  const began = performance.now();
  for (let sent = 0; sent < count; ) {
    const due = Math.min(count, Math.ceil(((performance.now() - began) / 1000) * rate));
    for (; sent < due; sent++) socket.send(message, ports.osc, '127.0.0.1');
    await sleep(1);
  }
  const took = (performance.now() - began) / 1000;
  for (let before = -1; before < answers; await sleep(200)) before = answers;
  socket.close();
  return { rate, sent: count, answered: answers, lost: count - answers, sentPerSecond: round(count / took) };
}

const rates: Record<string, unknown>[] = [];
for (const rate of [1000, 2000, 5000, 10_000, 20_000, 40_000]) rates.push(await offered(rate));

async function noise(): Promise<Record<string, unknown>> {
  const state = async () => {
    const { ports: _, uptime: __, engine, ...rest } = await info();
    const { clips } = (await client.ask('clip.list', {})).data as { clips: unknown[] };
    const { maps } = (await client.ask('trigger.list', {})).data as { maps: unknown[] };
    return JSON.stringify({ ...rest, restarts: (engine as { restarts: number }).restarts, clips, maps });
  };
  const before = await state();
  const socket = createSocket('udp4');
  socket.on('message', () => undefined);
  const real = [
    oscMessage('/foley/generate', 'a', 'DogBark', 1),
    oscMessage('/foley/map', 'a', 'Rain'),
    oscMessage('/foley/info'),
  ];
  const count = Number(flags.datagrams);
  for (let i = 0; i < count; i++) {
    let bytes = randomBytes(1 + (i % 300));
    if (i % 2 === 0) {
      // The address stays broken, so that no request of these is a good one.
      bytes = Buffer.from(real[(i / 2) % real.length]!);
      for (let k = 0; k < 4; k++) bytes[(1 + ((bytes.length - 1) * randomBytes(1)[0]!) / 256) | 0] = randomBytes(1)[0]!;
      bytes[1] = 0x7e;
    }
    socket.send(bytes, ports.osc, '127.0.0.1');
    if (i % 50 === 49) await sleep(1);
  }
  await sleep(1000);
  socket.close();
  return { datagrams: count, unchanged: (await state()) === before };
}

print({ bench: 'osc', ...machine(), rates, noise: await noise() });
client.close();
await server.close();
