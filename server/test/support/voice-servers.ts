/** Two servers in this process, and a voice of one of them that is carried to the other as a file. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodePcm } from '../../../protocol/index.ts';
import { type App, createApp } from '../../app.ts';
import { type ConfigInput, resolveConfig } from '../../config.ts';

export const repository = fileURLToPath(new URL('../../../models', import.meta.url));
export const headers = { authorization: 'Bearer admins-secret' };
export type Told = { event: string; data: { code: string; message: string; voice: string; hash: string } };

/** Open from before the first test of a file until after its last. */
export class VoiceServers {
  here!: App;
  there!: App;
  /** Voice `mine` of the first, as a file. */
  file!: Buffer;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'foleyd-voice-file-'));
  readonly #models = path.join(this.#folder, 'models');

  constructor() {
    before(() => this.#open());
    after(async () => {
      await Promise.all([this.here, this.there].map((app) => app?.close()));
      rmSync(this.#folder, { recursive: true, force: true });
    });
  }

  dataOf(name: string): string {
    return path.join(this.#folder, name);
  }

  open(name: string, more: ConfigInput = {}): Promise<App> {
    const given = { models: this.#models, port: 0, oscPort: 'off', output: 'none', logLevel: 'silent' } as const;
    return createApp(resolveConfig({ ...given, data: this.dataOf(name), adminToken: 'admins-secret', ...more }, {}));
  }

  voicesOf(name: string): string[] {
    const dir = path.join(this.dataOf(name), 'voices');
    return existsSync(dir) ? readdirSync(dir) : [];
  }

  /** A voice of the first as a file. */
  async fetched(query: string): Promise<Buffer> {
    const answer = await fetch(url(this.here, `voice.export?${query}`), { headers });
    assert.equal(answer.status, 200);
    return Buffer.from(await answer.arrayBuffer());
  }

  async put(bytes: Uint8Array, query = '', app = this.there): Promise<Told & { status: number }> {
    const answer = await fetch(url(app, `voice.import${query}`), { method: 'PUT', headers, body: Buffer.from(bytes) });
    return { status: answer.status, ...((await answer.json()) as Told) };
  }

  /** `mine` as a file after a change to its folder, as its maker would have packed it. */
  async forged(change: (dir: string) => void): Promise<Buffer> {
    const dir = path.join(this.dataOf('here'), 'voices', 'forged');
    cpSync(path.join(this.dataOf('here'), 'voices', 'mine'), dir, { recursive: true });
    try {
      change(dir);
      return await this.fetched('voice=forged');
    } finally {
      rmSync(dir, { recursive: true });
    }
  }

  async #open(): Promise<void> {
    cpSync(path.join(repository, 'fixtures', 'tiny-freq'), path.join(this.#models, 'default'), { recursive: true });
    const mine = path.join(this.dataOf('here'), 'voices', 'mine');
    cpSync(path.join(repository, 'fixtures', 'tiny'), mine, { recursive: true });
    // With an embedder of its own, and something that no card names and that stays where it is.
    for (const name of ['embedder.json', 'embedder.onnx', 'reference.npz', 'ranking.npz', 'credits.csv'])
      cpSync(path.join(repository, 'default', name), path.join(mine, name));
    writeFileSync(path.join(mine, 'notes.txt'), 'private');
    [this.here, this.there] = await Promise.all([this.open('here'), this.open('there')]);
    this.file = await this.fetched('voice=mine');
  }
}

export const url = (app: App, route: string): string => `${app.urls.http}/v1/${route}`;

export const call = <T>(app: App, cmd: string, args: Record<string, unknown> = {}) =>
  app.connect('admin').call(cmd, args) as Promise<T>;

export async function clipOf(app: App, voice: string, label = 'DogBark'): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  await app.connect().call('foley.generate', { voice, class: label, seed: 7 }, ({ event, data }) => {
    if (event === 'audio') parts.push(decodePcm(data.pcm as Uint8Array, 'f32'));
  });
  return Float32Array.from(parts.flatMap((part) => [...part]));
}
