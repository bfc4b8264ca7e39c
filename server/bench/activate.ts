/**
 * Another voice a hundred times while eight WebSocket clients keep the engine busy: does a request fail, is a clip of
 * another voice than was said, how long does a client hear nothing, beside the same without changes.
 * Every clip is compared, bit for bit, with the one that the same voice, class and seed gave while nobody else asked.
 * `node --import tsx server/bench/activate.ts [--changes 100] [--quiet-seconds 60] [--clients 8] [--pairs tiny,default]`
 * Writes `results/activate.json`; exit code 1 where anything failed or was mixed.
 */
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Answer } from '../../protocol/index.ts';
import { updateHashes } from '../engine/fixtures.ts';
import { type BenchClient, connect, machine, print, round, startServer } from './support.ts';

const { values: flags } = parseArgs({
  options: {
    changes: { type: 'string', default: '100' },
    'quiet-seconds': { type: 'string', default: '60' },
    clients: { type: 'string', default: '8' },
    pairs: { type: 'string', default: 'tiny,default' },
  },
});
const models = fileURLToPath(new URL('../../models', import.meta.url));
const ADMIN_TOKEN = 'a token for this bench alone';
const VOICES = ['one', 'other'] as const;
/** Clips that are known beforehand, of each voice; clients ask for them over and over. */
const KNOWN = 24;
/** That each voice here has at least. */
const CLASSES = 3;

/** What lies behind the two voices of a run; `change` makes the second another voice where both are the same. */
const pairs: Record<string, { one: string; other: string; change?: (dir: string) => void }> = {
  tiny: { one: 'fixtures/tiny', other: 'fixtures/tiny-time' },
  default: { one: 'default', other: 'default', change: otherWeights },
};

/** The lowest bits of some weights in the middle of a graph: the same network, and other sounds. */
function otherWeights(dir: string): void {
  for (const name of ['pixel', 'vocoder'] as const) {
    const file = path.join(dir, `${name}.onnx`);
    const bytes = readFileSync(file);
    const from = (bytes.length >> 1) & ~3;
    for (let at = from; at < from + 20_000; at += 4) bytes[at]! ^= 1;
    writeFileSync(file, bytes);
    updateHashes(dir, name, bytes);
  }
}

type VoiceId = (typeof VOICES)[number];

/** One request and all that a client noticed of it. */
interface Heard {
  voice: VoiceId | null;
  /** SHA-256 of its samples. */
  sound: string;
  end: Answer;
}

interface Watch {
  clips: Record<VoiceId, number>;
  failed: string[];
  /** Clips that are not what the voice they were said to be of makes of this seed. */
  mixed: number;
  /** Of those, the ones that the other voice would have made. */
  misnamed: number;
  /** Clips of another voice than the one that was active from before they were asked for until they were accepted. */
  stale: number;
  /** Milliseconds between two events to one client. */
  gaps: number[];
}

const order = (which: number): { class: number; seed: number } => ({ class: which % CLASSES, seed: 1000 + which });

async function hear(
  client: BenchClient,
  which: number,
  voice: VoiceId | null,
  onEvent: (event: string) => void,
): Promise<Heard> {
  const hash = createHash('sha256');
  let said: VoiceId | null = null;
  const args = { ...order(which), ...(voice === null ? {} : { voice }), previews: true };
  const end = await client.ask('foley.generate', args, ({ event, data }) => {
    if (event === 'accepted') said = data.voice as VoiceId;
    if (event === 'audio') hash.update(data.pcm as Uint8Array);
    onEvent(event);
  });
  return { voice: said, sound: hash.digest('hex'), end };
}

/** Clients that work until `stop`; `current` says which voice is active for sure, another object after each change, null while it changes. */
async function busy(
  url: string,
  known: Record<VoiceId, string[]>,
  stop: Promise<unknown>,
  current: () => { voice: VoiceId } | null,
): Promise<Watch> {
  const watch: Watch = { clips: { one: 0, other: 0 }, failed: [], mixed: 0, misnamed: 0, stale: 0, gaps: [] };
  let running = true;
  const ended = stop.finally(() => {
    running = false;
  });
  const work = async (nth: number): Promise<void> => {
    const client = await connect(url);
    let last = performance.now();
    const noticed = (): void => {
      const now = performance.now();
      watch.gaps.push(now - last);
      last = now;
    };
    for (let i = 0; running; i++) {
      const which = (nth * 3 + i) % KNOWN;
      const before = current();
      let sure = before;
      const { voice, sound, end } = await hear(client, which, null, (event) => {
        if (event === 'accepted' && current() !== before) sure = null;
        noticed();
      });
      if (end.event !== 'done' || voice === null) {
        watch.failed.push(JSON.stringify(end.data));
        continue;
      }
      watch.clips[voice] += 1;
      if (sure !== null && voice !== sure.voice) watch.stale += 1;
      if (sound === known[voice][which]) continue;
      watch.mixed += 1;
      if (VOICES.some((id) => known[id][which] === sound)) watch.misnamed += 1;
    }
    client.close();
  };
  await Promise.all([ended, ...Array.from({ length: Number(flags.clients) }, (_, nth) => work(nth))]);
  return watch;
}

function told({ clips, failed, mixed, misnamed, stale, gaps }: Watch, seconds: number) {
  const sorted = Float64Array.from(gaps).sort();
  const at = (share: number): number =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  return {
    clips,
    failed: failed.length,
    failures: [...new Set(failed)].slice(0, 5),
    mixed,
    misnamed,
    stale,
    // Of the last minute: whatever else the machine does is in the silence, too.
    load: round(loadavg()[0]!),
    seconds: round(seconds),
    clipsPerSecond: round((clips.one + clips.other) / seconds),
    silenceMs: { events: sorted.length, p99: at(0.99), p999: at(0.999), longest: round(sorted.at(-1) ?? 0) },
  };
}

async function measure(pair: string) {
  const { one, other, change } = pairs[pair]!;
  const folder = mkdtempSync(path.join(tmpdir(), 'foleyd-bench-'));
  cpSync(path.join(models, one), path.join(folder, 'one'), { recursive: true });
  cpSync(path.join(models, other), path.join(folder, 'other'), { recursive: true });
  change?.(path.join(folder, 'other'));
  const server = await startServer({ models: folder, voice: 'one', adminToken: ADMIN_TOKEN, logLevel: 'warn' });
  const url = new URL(server.ws);
  url.searchParams.set('token', ADMIN_TOKEN);
  const admin = await connect(url.href);
  const asAdmin = async (cmd: string, args: Record<string, unknown>): Promise<void> => {
    const { event, data } = await admin.ask(cmd, args);
    if (event !== 'done') throw new Error(JSON.stringify(data));
  };

  // One after the other, with nobody else there: what each clip has to be.
  const known: Record<VoiceId, string[]> = { one: [], other: [] };
  for (const voice of VOICES) {
    for (let which = 0; which < KNOWN; which++) {
      const { sound, end } = await hear(admin, which, voice, () => undefined);
      if (end.event !== 'done') throw new Error(JSON.stringify(end.data));
      known[voice].push(sound);
    }
  }
  const alike = known.one.filter((sound, i) => sound === known.other[i]).length;
  if (alike > 0) throw new Error(`${alike} clips of the two voices are identical, so they cannot be compared`);

  const always = { voice: 'one' } as const;
  let began = performance.now();
  const quiet = await busy(server.ws, known, after(1000 * Number(flags['quiet-seconds'])), () => always);
  const without = told(quiet, (performance.now() - began) / 1000);

  await server.watch();
  let now: { voice: VoiceId } | null = always;
  const changeMs: number[] = [];
  const changes = async (): Promise<void> => {
    await after(500);
    for (let i = 0; i < Number(flags.changes); i++) {
      const start = performance.now();
      now = null;
      if (i % 2 === 0) await asAdmin('admin.activate', { voice: 'other', force: true });
      else await asAdmin('admin.rollback', {});
      now = { voice: i % 2 === 0 ? 'other' : 'one' };
      changeMs.push(performance.now() - start);
      // So that requests begin under each of them.
      await after(200);
    }
  };
  began = performance.now();
  const changed = await busy(server.ws, known, changes(), () => now);
  const during = told(changed, (performance.now() - began) / 1000);
  const { rssMb, eventLoopMs } = await server.report();
  admin.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
  const sorted = changeMs.toSorted((a, b) => a - b);
  return {
    voices: `${one} and ${other}${change === undefined ? '' : ' with other weights'}`,
    knownClips: 2 * KNOWN,
    changes: changeMs.length,
    changeMs: { median: round(sorted[sorted.length >> 1]!), longest: round(sorted.at(-1)!) },
    without,
    during,
    rssMb,
    eventLoopMs,
  };
}

const results: Record<string, Awaited<ReturnType<typeof measure>>> = {};
for (const pair of flags.pairs.split(',')) {
  process.stderr.write(`${pair} ...\n`);
  results[pair] = await measure(pair);
}
const result = {
  bench: 'activate',
  when: new Date().toISOString(),
  ...machine(),
  clients: Number(flags.clients),
  results,
};
writeFileSync(
  fileURLToPath(new URL('./results/activate.json', import.meta.url)),
  `${JSON.stringify(result, null, 1)}\n`,
);
print(result);
const faults = Object.values(results).flatMap(({ without, during }) => [without, during]);
process.exitCode = faults.some(({ failed, mixed, stale }) => failed + mixed + stale > 0) ? 1 : 0;
