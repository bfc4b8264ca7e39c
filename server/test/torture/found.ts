/** Attacks that a server did not withstand, as small as they can be made, in files that `npm test` sends again. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { attackWith, type Part } from './attack.ts';
import type { Frame } from './carrier.ts';
import { minimise } from './minimise.ts';
import { newFolder, type Running, removeFolder, type StartOptions, start } from './server.ts';
import { allTargets, type Target } from './targets.ts';

export const FOUND = fileURLToPath(new URL('./found', import.meta.url));

export interface Kept {
  what: string;
  /** What each client said, all of them at once. */
  parts: { target: string; frames: { hex: string; cuts?: number[]; id?: string }[] }[];
}

/** A frame, and which of the clients said it. */
type Said = Frame & { by: Target; client: number };

function grouped(all: readonly Said[]): Part[] {
  const clients = new Map<number, Said[]>();
  for (const frame of all) clients.set(frame.client, [...(clients.get(frame.client) ?? []), frame]);
  return [...clients.values()].map((frames) => ({ target: frames[0]!.by, frames }));
}

/** Makes it small and keeps it; returns the name of the file. */
export async function store(parts: readonly Part[], error: Error, options: StartOptions): Promise<string> {
  const all = parts.flatMap(({ target, frames }, client) => frames.map((frame) => ({ ...frame, by: target, client })));
  const least = await minimise<Said>(all, (some) => fells(grouped(some), options));
  const kept: Kept = {
    what: error.message,
    parts: grouped(least).map(({ target, frames }) => ({
      target: target.name,
      frames: frames.map(({ bytes, cuts, id }) => ({
        hex: Buffer.from(bytes).toString('hex'),
        ...(cuts !== undefined && { cuts }),
        ...(id !== undefined && { id }),
      })),
    })),
  };
  const text = `${JSON.stringify(kept, null, 2)}\n`;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const name = `${(kept.parts[0]?.target ?? '').replace(/\W+/g, '-')}-${hash}.json`;
  await mkdir(FOUND, { recursive: true });
  await writeFile(path.join(FOUND, name), text);
  return name;
}

/** Whether it does it to a server that has seen nothing else. */
async function fells(parts: readonly Part[], options: StartOptions): Promise<boolean> {
  const data = await newFolder();
  const server = await start(data, options);
  try {
    await attackWith(server, parts);
    return false;
  } catch {
    return true;
  } finally {
    if (server.end === null) await server.kill();
    await removeFolder(data);
  }
}

/** Throws what was kept at a running server again. */
export async function replay(server: Running, { parts }: Kept): Promise<void> {
  const targets = allTargets(new Uint8Array());
  const all = parts.map(({ target: name, frames }): Part => {
    const target = targets.find((one) => one.name === name);
    if (target === undefined) throw new Error(`there is no target ${name}`);
    return {
      target,
      frames: frames.map(({ hex, ...more }) => ({ bytes: new Uint8Array(Buffer.from(hex, 'hex')), ...more })),
    };
  });
  await attackWith(server, all);
}
