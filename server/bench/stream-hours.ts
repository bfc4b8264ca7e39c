/**
 * Hours of endless streams in less time: each stream made as fast as the engine can, over WebSocket, while class mix,
 * temperature and level change every ten seconds of it. A listener who is `ahead` seconds behind the first chunk would
 * hear a gap where more time passes between two chunks than was made ahead; such silences are counted, and the longest
 * are told. What else may make a gap (a pause for memory, a window, a change) comes as often as in hours of real time.
 * It ends after so many hours of sound or minutes of time, or with the stream in which SIGINT comes.
 * `node --import tsx server/bench/stream-hours.ts [--hours 10] [--minutes 60] [--ahead 1] [--voice ID] [--models DIR]`
 */
import { msgpackCodec } from '../../protocol/index.ts';
import { benchFlags, connect, machine, print, round, startServer } from './support.ts';

const flags = benchFlags({
  hours: { type: 'string', default: '10' },
  minutes: { type: 'string', default: '60' },
  ahead: { type: 'string', default: '1' },
});
const { models, voice, threads } = flags;
const ahead = Number(flags.ahead);
const server = await startServer({ models, voice, threads });
const client = await connect(server.ws, msgpackCodec);
const { card } = (await client.ask('voice.info', {})).data as { card: { classes: { name: string }[] } };
const names = card.classes.map(({ name }) => name);

/** Seconds of one stream. */
const EACH = 600;

/** What happens in a stream: nothing twice in the same order. */
function changesOf(stream: number, seconds: number, stepSeconds: number): Record<string, unknown>[] {
  const changes: Record<string, unknown>[] = [];
  for (let at = 10, n = stream; at < seconds; at += 10, n++) {
    const step = Math.floor(at / stepSeconds);
    const [one, other] = [names[n % names.length]!, names[(n * 3 + 1) % names.length]!];
    const share = (n % 9) / 10 + 0.1;
    changes.push({
      step,
      ...(n % 3 === 0 ? { level: -(n % 12) } : {}),
      ...(n % 3 === 1 ? { temperature: 0.7 + (n % 4) / 10 } : {}),
      ...(n % 3 === 2 ? { class: one === other ? one : { [one]: share, [other]: 1 - share } } : {}),
    });
  }
  return changes;
}

const silences: number[] = [];
let [made, gaps, wallMs, changed] = [0, 0, 0, 0];
let stepSeconds = 0;
await client.ask('stream.start', { class: names[0], seconds: 1, live: false }, ({ event, data }) => {
  if (event === 'accepted') stepSeconds = data.stepSeconds as number;
});
await server.watch();
const total = Number(flags.hours) * 3600;
let ended = false;
process.once('SIGINT', () => {
  ended = true;
});
for (let stream = 0; !ended && made < total - 1 && wallMs < Number(flags.minutes) * 60_000; stream++) {
  const seconds = Math.min(EACH, total - made);
  const began = performance.now();
  let latest = 0;
  let first = 0;
  let sent = 0;
  const args = {
    class: names[stream % names.length],
    seed: stream,
    seconds,
    live: false,
    format: 's16',
    changes: changesOf(stream, seconds, stepSeconds),
  };
  const end = await client.ask('stream.start', args, ({ event, data }) => {
    if (event === 'changed') changed += 1;
    if (event !== 'audio') return;
    const now = performance.now();
    if (first === 0) first = now;
    else {
      // A listener in real time has never more than `ahead` in hand, however fast it is made.
      silences.push(now - latest);
      if (now - latest > Math.min(ahead, ahead + sent - (now - first) / 1000) * 1000) gaps += 1;
    }
    latest = now;
    sent += (data.pcm as Uint8Array).length / 2 / (data.rate as number);
  });
  if (end.event !== 'done') throw new Error(JSON.stringify(end));
  made += sent;
  wallMs += performance.now() - began;
  process.stderr.write(`${round(made / 3600)} h after ${round(wallMs / 60_000)} min, ${gaps} gaps\n`);
}
const { rssMb, eventLoopMs } = await server.report();
client.close();
await server.close();
silences.sort((a, b) => b - a);
print({
  bench: 'stream-hours',
  ...machine(),
  voice,
  hours: round(made / 3600),
  ahead,
  chunks: silences.length,
  changes: changed,
  realTimeFactor: Number((wallMs / 1000 / made).toPrecision(4)),
  gaps,
  gapsPerHour: gaps / (made / 3600),
  silenceMs: {
    median: round(silences[silences.length >> 1] ?? 0),
    p999: round(silences[Math.floor(silences.length / 1000)] ?? 0),
    longest: silences.slice(0, 10).map(round),
  },
  rssMb,
  eventLoopMs,
});
