/** The server of a bench: a process of its own, which tells over IPC what only it can know. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import { Writable } from 'node:stream';
import { createApp } from '../app.ts';
import { type ConfigInput, resolveConfig } from '../config.ts';
import { createLog } from '../util/log.ts';

export interface ServerReport {
  rssMb: { now: number; peak: number };
  /** Gaps between turns of the event loop beyond the millisecond at which it is watched. */
  eventLoopMs: { p50: number; p99: number; max: number; turns: number };
  /** Jobs in the order in which they were queued, began and ended. */
  queued: string[];
  started: string[];
  ended: string[];
}

const SAMPLE_MS = 25;
const data = mkdtempSync(path.join(tmpdir(), 'foleyd-bench-'));
const given = JSON.parse(process.argv[2] ?? '{}') as ConfigInput;
const queued: string[] = [];
const started: string[] = [];
const ended: string[] = [];
const to = new Writable({
  decodeStrings: false,
  write(chunk: string | Buffer, _encoding, done) {
    const { type, job, level, msg } = JSON.parse(String(chunk)) as Record<string, unknown>;
    if (type === 'queued') queued.push(String(job));
    if (type === 'started') started.push(String(job));
    if (type === 'ended') ended.push(String(job));
    if (Number(level) >= 40) process.stderr.write(`${String(msg)}\n`);
    done();
  },
});
const log = createLog({ level: 'debug', pretty: false, to });
const app = await createApp(resolveConfig({ port: 0, oscPort: 0, data, ...given }), { log });
const { problem } = await app.ready;
if (problem !== null) throw new Error(problem);

const delay = monitorEventLoopDelay({ resolution: 1 });
let peak = 0;
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, SAMPLE_MS);
watch.unref();

function report(): ServerReport {
  const mb = (bytes: number): number => Math.round(bytes / 2 ** 20);
  const ms = (ns: number): number => Math.max(0, Math.round(ns / 1e4 - 100) / 100);
  const rss = process.memoryUsage.rss();
  return {
    rssMb: { now: mb(rss), peak: mb(Math.max(peak, rss)) },
    eventLoopMs: {
      p50: ms(delay.percentile(50)),
      p99: ms(delay.percentile(99)),
      max: ms(delay.max),
      turns: delay.count,
    },
    queued,
    started,
    ended,
  };
}

function close(): void {
  void app.close().then(() => {
    rmSync(data, { recursive: true, force: true });
    process.exit(0);
  });
}

// A bench that was killed says no `close`: its streams would be made for hours yet.
process.once('disconnect', close);
process.on('message', (message: string) => {
  if (message === 'watch') {
    delay.reset();
    delay.enable();
    peak = 0;
    process.send?.('watching');
  } else if (message === 'report') {
    process.send?.(report());
  } else {
    close();
  }
});
if (process.connected) process.send?.({ urls: app.urls });
else close();
