/** The server in a process of its own, as `server/main.ts` starts it, with a disk, a MIDI input and a look inside for the bench. */
import { readdirSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import { readFlags, serve } from '../../main.ts';
import type { MidiSystem, Receiver } from '../../midi/system.ts';
import { ScriptedEngine } from '../support/engine.ts';
import { arm, install, type Plan, told } from './disk.ts';

export type Order = { is: 'figures' } | { is: 'midi'; bytes: number[] } | { is: 'disk'; plan: Plan | null };

export interface Figures {
  /** Bytes. */
  rss: number;
  /** Of that, what no file backs: heap, buffers, what the allocator keeps; null where the system does not tell. */
  anonymous: number | null;
  heap: number;
  /** Of V8's objects outside its heap, of which buffers are. */
  external: number;
  buffers: number;
  /** Open descriptors; null where the system does not tell. */
  descriptors: number | null;
  /** Processor time of the whole process so far, in milliseconds. */
  cpuMs: number;
  /** Longest time that the event loop stood still since the last look, in milliseconds. */
  stall: number;
  /** Steps on the disk that failed as planned. */
  failed: number;
}

/** One input, whose bytes come from the bench. */
let receive: Receiver | null = null;
const midi: MidiSystem = {
  inputs: () => ['torture'],
  open(_, on) {
    receive = on;
    return {
      close() {
        receive = null;
      },
    };
  },
  virtual: () => null,
  close: () => undefined,
};

/** Where only what lies on the disk counts, clips are made by turns of the event loop. */
const scripted = process.env.FOLEYD_TORTURE_ENGINE === 'scripted' ? new ScriptedEngine() : null;

const RESOLUTION = 10;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION });

function figures(): Figures {
  // It remembers all that it was asked for, and would be what grows.
  for (const list of [scripted?.requests, scripted?.begun, scripted?.finished]) list?.splice(0);
  // Without a collection memory would only say when there was the last one.
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed: heap, external, arrayBuffers: buffers } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const cpuMs = (user + system) / 1000;
  const memory = { rss, anonymous: anonymous(), heap, external, buffers };
  return { ...memory, descriptors: descriptors(), cpuMs, stall: stall(), failed: told().failed };
}

function anonymous(): number | null {
  try {
    const kib = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return kib === undefined ? null : Number(kib) * 1024;
  } catch {
    return null;
  }
}

function stall(): number {
  const most = Math.max(0, delay.max / 1e6 - RESOLUTION);
  delay.reset();
  return most;
}

function descriptors(): number | null {
  try {
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return null;
  }
}

process.on('message', (order: Order) => {
  if (order.is === 'midi') receive?.(0.001, order.bytes);
  if (order.is === 'disk') arm(order.plan);
  if (order.is === 'midi') return;
  process.send?.(order.is === 'figures' ? figures() : null);
  // What the look itself took is nobody's stall.
  if (order.is === 'figures') setTimeout(() => delay.reset(), 50).unref();
});
process.channel?.unref();
// Whoever tortures it may end first.
process.once('disconnect', () => process.exit(1));

const config = readFlags(process.argv.slice(2));
await install(String(config.data));
delay.enable();
process.exit(await serve(config, { midi, ...(scripted !== null && { engine: scripted }) }));
