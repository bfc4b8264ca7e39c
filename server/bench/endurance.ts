/**
 * How soon a server serves, whether its first clip is slower than the others, and whether its memory grows: starts
 * `server/main.ts` as a person does, asks for single clips, then for many, and looks at the memory of both processes.
 * `node --import tsx server/bench/endurance.ts [--starts 3] [--clips 1000] [--voice ID] [--models DIR]`
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type BenchClient, benchFlags, connect, machine, median, print, round } from './support.ts';

const flags = benchFlags({
  starts: { type: 'string', default: '3' },
  clips: { type: 'string', default: '1000' },
});
const root = fileURLToPath(new URL('../..', import.meta.url));
/** One job; the server takes 64 clips at most in one. */
const JOB = 50;

interface Started {
  child: ChildProcess;
  ws: string;
  listening: number;
  warm: number;
  stop(): Promise<void>;
}

/** Seconds are from the start of the process. */
async function start(): Promise<Started> {
  const data = mkdtempSync(path.join(tmpdir(), 'foleyd-bench-'));
  const place = ['--port', '0', '--osc-port', 'off', '--data', data, '--models', flags.models, '--voice', flags.voice];
  const began = performance.now();
  const child = spawn(process.execPath, ['--import', 'tsx', 'server/main.ts', ...place], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const found = { ws: '', listening: 0, warm: 0 };
  for await (const line of createInterface({ input: child.stderr! })) {
    const { ws, msg } = JSON.parse(line) as { ws?: string; msg: string };
    const seconds = round((performance.now() - began) / 1000);
    if (/is listening$/.test(msg)) Object.assign(found, { ws: ws!, listening: seconds });
    if (/voice is ready$/.test(msg)) found.warm = seconds;
    if (found.ws !== '' && found.warm > 0) break;
  }
  child.stderr!.resume();
  return {
    child,
    ...found,
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function clip(client: BenchClient, seed: number): Promise<number> {
  const began = performance.now();
  const end = await client.ask('foley.generate', { class: 0, seed });
  if (end.event !== 'done') throw new Error(JSON.stringify(end.data));
  return round((performance.now() - began) / 1000);
}

/** Resident megabytes of the server and of its engine's processes. */
async function memory(client: BenchClient, pid: number): Promise<{ server: number; engine: number }> {
  const { engine } = (await client.ask('server.info', {})).data as { engine: { memoryMb: number } };
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return { server: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024), engine: engine.memoryMb };
}

const starts: { listening: number; warm: number; first: number; later: number[] }[] = [];
const growth: { clips: number; server: number; engine: number }[] = [];
let seconds = 0;
for (let turn = 0; turn < Number(flags.starts); turn++) {
  const server = await start();
  const client = await connect(server.ws);
  const first = await clip(client, 0);
  const later: number[] = [];
  for (let seed = 1; seed <= 5; seed++) later.push(await clip(client, seed));
  starts.push({ listening: server.listening, warm: server.warm, first, later });
  if (turn === Number(flags.starts) - 1) {
    const began = performance.now();
    for (let made = 0; made < Number(flags.clips); made += JOB) {
      const end = await client.ask('foley.generate', { class: (made / JOB) % 7, seed: made, count: JOB });
      if (end.event !== 'done') throw new Error(JSON.stringify(end.data));
      growth.push({ clips: made + JOB, ...(await memory(client, server.child.pid!)) });
      process.stderr.write(`${made + JOB} of ${flags.clips} clips\r`);
    }
    seconds = (performance.now() - began) / 1000;
  }
  client.close();
  await server.stop();
}
const settled = growth.find(({ clips }) => clips >= Number(flags.clips) / 10);
const last = growth.at(-1);
const share = (of: 'server' | 'engine'): number | null =>
  settled === undefined || last === undefined ? null : round(100 * (last[of] / settled[of] - 1));
print({
  bench: 'endurance',
  ...machine(),
  voice: flags.voice,
  secondsTo: { listening: median(starts.map((one) => one.listening)), warm: median(starts.map((one) => one.warm)) },
  firstToLater: median(starts.map(({ first, later }) => first / median(later))),
  clipsPerSecond: round(Number(flags.clips) / seconds),
  growthPercent: { fromClip: settled?.clips ?? null, server: share('server'), engine: share('engine') },
  starts,
  growth,
});
