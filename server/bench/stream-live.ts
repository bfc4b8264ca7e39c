/**
 * Endless streams as a client hears them, over WebSocket, in about two and a half minutes: real-time factor and processor
 * time by class and mix (made as fast as they can be), whether the recipe of a performance of a minute makes the same
 * samples again, and how many streams play at once without a gap, counted up from four. How soon changes are heard is
 * measured by `stream-change.ts`.
 * `node --import tsx server/bench/stream-live.ts [--seconds 8] [--performance 60] [--most 10] [--voice ID] [--models DIR]`
 */
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { msgpackCodec } from '../../protocol/index.ts';
import { benchFlags, childrenOf, connect, cpuOf, machine, print, round, startServer } from './support.ts';

const flags = benchFlags({
  seconds: { type: 'string', default: '8' },
  performance: { type: 'string', default: '60' },
  most: { type: 'string', default: '10' },
});
const { models, voice, threads } = flags;
const seconds = Number(flags.seconds);
const server = await startServer({ models, voice, threads, limits: { streams: 16 } });
const client = await connect(server.ws, msgpackCodec);
const { card } = (await client.ask('voice.info', {})).data as { card: { classes: { name: string }[] } };
const names = card.classes.map(({ name }) => name);
const loadBefore = loadavg();

interface Heard {
  parts: Uint8Array[];
  seconds: number;
  gaps: number;
  recipe: { stream: { args: Record<string, unknown> } };
  changes: number;
}

async function listen(args: Record<string, unknown>, onFirst: (id: string) => void = () => undefined): Promise<Heard> {
  const heard = { parts: [], changes: 0 } as unknown as Heard;
  let id = '';
  const end = await client.ask('stream.start', args, ({ event, data }) => {
    if (event === 'accepted') id = String(data.stream);
    else if (event === 'changed') heard.changes += 1;
    else if (event === 'audio' && heard.parts.push(data.pcm as Uint8Array) === 1) onFirst(id);
  });
  if (end.event !== 'done') throw new Error(JSON.stringify(end));
  return Object.assign(heard, end.data as Pick<Heard, 'seconds' | 'gaps' | 'recipe'>);
}

/** Milliseconds of processor time of the server and its engine processes. */
function cpuMs(): number {
  const all = (pid: number): number => cpuOf(pid) + childrenOf(pid).reduce((sum, child) => sum + all(child), 0);
  return all(server.pid);
}

/** Of one stream that is made as fast as it can be, in parts as of one that plays `ahead` of real time. */
async function factor(args: Record<string, unknown>): Promise<{ wall: number; cpu: number }> {
  const [began, cpu] = [performance.now(), cpuMs()];
  const heard = await listen({ seed: 1, seconds, live: false, ...args });
  const per = (ms: number): number => Number((ms / 1000 / heard.seconds).toPrecision(3));
  return { wall: per(performance.now() - began), cpu: per(cpuMs() - cpu) };
}

/** A stream whose level and mix change about once a second. */
async function performed(length: number): Promise<Heard> {
  const change = async (stream: string): Promise<void> => {
    for (let i = 0; ; i++) {
      await sleep(900 + 97 * (i % 7));
      const mix = { class: { [one]: 1, [names[i % names.length]!]: 1 } };
      const { event } = await client.ask('stream.set', {
        stream,
        ...(i % 2 === 0 ? { level: i % 4 === 0 ? -12 : 0 } : mix),
      });
      if (event !== 'done') return;
    }
  };
  return listen({ class: one, seed: 7, seconds: length }, (stream) => void change(stream));
}

/** Gaps of so many streams that begin together. */
async function atOnce(count: number): Promise<{ count: number; gaps: number[]; cores: number }> {
  const [began, cpu] = [performance.now(), cpuMs()];
  const heard = await Promise.all(
    Array.from({ length: count }, (_, i) => listen({ class: names[i % names.length], seed: i, seconds })),
  );
  return {
    count,
    gaps: heard.map(({ gaps }) => gaps),
    cores: round((cpuMs() - cpu) / (performance.now() - began)),
  };
}

// One that is not counted: all memory is warm after it.
await listen({ class: names[0], seconds: 3, live: false });

const [one, other, third] = [names[5] ?? names[0]!, names[3] ?? names[1]!, names[4] ?? names[2]!];
const factors: Record<string, Awaited<ReturnType<typeof factor>>> = {};
for (const args of [
  ...names.map((name) => ({ class: name })),
  { class: { [one]: 0.5, [other]: 0.5 } },
  { class: { [one]: 0.4, [other]: 0.3, [third]: 0.3 } },
  { class: one, guidance: 0 },
  ...[0.2, 0.4, 2, 10].map((ahead) => ({ class: one, ahead })),
]) {
  factors[JSON.stringify(args)] = await factor(args);
  process.stderr.write(`${JSON.stringify(args)} ${JSON.stringify(factors[JSON.stringify(args)])}\n`);
}

const played = await performed(Number(flags.performance));
const again = await listen(played.recipe.stream.args);
const [a, b] = [Buffer.concat(played.parts), Buffer.concat(again.parts)];

const together = [];
for (let count = 4; count <= Number(flags.most); count++) {
  together.push(await atOnce(count));
  process.stderr.write(`${JSON.stringify(together.at(-1))}\n`);
  // One more than fit shows what happens then.
  if (together.at(-1)!.gaps.filter((gaps) => gaps > 0).length > 0) break;
}
client.close();
await server.close();
print({
  bench: 'stream-live',
  ...machine(),
  voice,
  threads: Number(threads),
  loadBefore,
  loadAfter: loadavg(),
  realTimeFactor: factors,
  performance: {
    seconds: round(played.seconds),
    changes: played.changes,
    gaps: played.gaps,
    equal: a.equals(b),
    bytes: a.length,
  },
  atOnce: together,
});
