/** What a server acknowledged, and whether it is there: kept by whoever asks, compared with what a later server tells. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Answer, isTerminal } from '../../../protocol/index.ts';
import { readFlacComments } from '../../audio/flac.ts';
import { decodeWav } from '../../audio/wav.ts';
import { readSidecar } from '../../clips/sidecar.ts';
import { SerialQueues } from '../../util/serial-queue.ts';
import type { TestClient } from '../support/client.ts';

/** A client, and when it has lost its server. */
export interface Caller {
  client: TestClient;
  gone: Promise<unknown>;
}

type Data = Record<string, unknown>;
/** null: the server is gone, and nobody knows whether it was done. */
export type Outcome = Answer | null;

/** Asks, and waits for the end of it or of the server. */
export async function call(
  { client, gone }: Caller,
  cmd: string,
  args: Data = {},
  on: (answer: Answer) => void = () => undefined,
): Promise<Outcome> {
  const asked = client.ask(cmd, args);
  const told = new Set<Answer>();
  const tell = (): void => {
    for (const answer of asked.answers) {
      if (told.has(answer) || isTerminal(answer.event)) continue;
      told.add(answer);
      on(answer);
    }
  };
  const events = asked.first('accepted').then(tell, () => undefined);
  const end = await Promise.race([asked.end, gone.then(() => null)]);
  if (end !== null) await events;
  tell();
  return end;
}

/** A job that makes clips from `seed` on, saved, and if it is a batch a file of each. */
interface Order {
  seed: number;
  count: number;
  files: boolean;
  accepted: boolean;
  /** null: its client never heard. */
  end: 'done' | 'failed' | null;
  /** Files that its end told of. */
  written: number;
}

const ABSENT = 'absent';

export class Ledger {
  /** What may be there by now, by what it is about. One value: it must be this. */
  readonly #facts = new Map<string, Set<string>>();
  readonly #queues = new SerialQueues();
  readonly orders: Order[] = [];
  acknowledged = 0;
  refused = 0;
  unknown = 0;

  /** Does something after which `key` has another value; what came of it says which it may have. */
  change(key: string, to: string | null, work: () => Promise<Outcome>): Promise<Outcome> {
    // Of two changes at once nobody could say which was the last.
    return this.#queues.run(key, () => this.#change(key, to, work));
  }

  async #change(key: string, to: string | null, work: () => Promise<Outcome>): Promise<Outcome> {
    const value = to ?? ABSENT;
    const before = this.#facts.get(key) ?? new Set([ABSENT]);
    // From now on, whatever happens to us.
    this.#facts.set(key, new Set([...before, value]));
    const outcome = await work();
    if (this.heard(outcome)) this.#facts.set(key, new Set([value]));
    return outcome;
  }

  /** Something that is there for sure. */
  known(key: string, value: string): void {
    this.#facts.set(key, new Set([value]));
  }

  async order(
    order: Pick<Order, 'seed' | 'count' | 'files'>,
    work: (on: (answer: Answer) => void) => Promise<Outcome>,
  ): Promise<Outcome> {
    const kept: Order = { ...order, accepted: false, end: null, written: 0 };
    this.orders.push(kept);
    const outcome = await work((answer) => {
      if (answer.event === 'accepted') kept.accepted = true;
    });
    if (outcome !== null) kept.end = outcome.event === 'done' ? 'done' : 'failed';
    if (outcome?.event === 'done') kept.written = Number(outcome.data.files ?? order.count);
    this.heard(outcome);
    return outcome;
  }

  is(key: string, value: string): boolean {
    return this.#facts.get(key)?.has(value) ?? false;
  }

  /** Ids of the things of a kind that are there for sure. */
  there(kind: string): string[] {
    return [...this.#facts].flatMap(([key, values]) =>
      key.startsWith(`${kind} `) && !values.has(ABSENT) ? [key.slice(kind.length + 1)] : [],
    );
  }

  /** Of a kind whose oldest the server forgets, only the newest are asked for. */
  forget(kind: string, most: number): void {
    const keys = [...this.#facts.keys()].filter((key) => key.startsWith(`${kind} `));
    for (const key of keys.slice(0, Math.max(0, keys.length - most))) this.#facts.delete(key);
  }

  heard(outcome: Outcome): boolean {
    if (outcome === null) this.unknown += 1;
    else if (outcome.event === 'done') this.acknowledged += 1;
    else this.refused += 1;
    return outcome?.event === 'done';
  }

  /** Asks a server for all of it. Throws where something acknowledged is not there, or something is there by half. */
  async check(caller: Caller, data: string): Promise<void> {
    await settled(caller);
    const told = await tell(caller);
    for (const [key, values] of this.#facts) {
      const found = told.get(key) ?? ABSENT;
      assert.ok(values.has(found), `${key} is ${found}, expected ${[...values].join(' or ')}`);
      // What was found once is so from now on.
      this.#facts.set(key, new Set([found]));
    }
    for (const key of told.keys())
      if (key.startsWith('map ')) assert.ok(this.#facts.has(key), `${key} was never asked for`);
    await this.#checkOrders(caller, data);
    await checkWhole(data);
  }

  /** Each accepted job made each of its clips once, and one that was not accepted all of them or none. */
  async #checkOrders(caller: Caller, data: string): Promise<void> {
    const seeds = new Map<number, number>();
    for (const { seed } of await allClips(caller)) seeds.set(seed, (seeds.get(seed) ?? 0) + 1);
    let [least, most] = [0, 0];
    for (const { seed, count, files, accepted, end, written } of this.orders) {
      const made = Array.from({ length: count }, (_, i) => seeds.get(seed + i) ?? 0);
      const what = `job with seed ${seed}, ${accepted ? 'accepted' : 'not accepted'}, ${end ?? 'without an end'}`;
      assert.ok(
        made.every((n) => n <= 1),
        `${what}: no clip is there twice, ${made.join(' ')}`,
      );
      // Of a batch that is done some may be left out, and one that failed may have made some: both were told.
      const none = made.every((n) => n === 0);
      const isSure = end === 'done' || (end === null && accepted);
      const all = end === 'done' ? written : count;
      const sum = made.reduce((total, n) => total + n, 0);
      if (isSure) assert.ok(sum >= all, `${what}: ${sum} clips of ${all} are there`);
      else if (end === null) assert.ok(none || sum === count, `${what}: ${sum} clips of ${count} are there`);
      if (!files) continue;
      least += isSure || (end === null && !none) ? all : 0;
      most += isSure || (end === null && !none) ? all : end === 'failed' ? count : 0;
    }
    const files = (await names(path.join(data, 'exports'), /\.wav$/)).length;
    assert.ok(files >= least && files <= most, `${files} files of batches are there, expected ${least} to ${most}`);
  }
}

interface Entry {
  clip: string;
  name: string;
  starred: boolean;
  seed: number;
  path: string;
}

async function allClips(caller: Caller): Promise<Entry[]> {
  const found: Entry[] = [];
  for (let after: unknown; ; ) {
    const page = await data(caller, 'clip.list', { limit: 500, ...(after === undefined ? {} : { after }) });
    found.push(...(page.clips as Entry[]));
    if (page.next === null) return found;
    after = page.next;
  }
}

async function data(caller: Caller, cmd: string, args: Data = {}): Promise<Data> {
  const outcome = await call(caller, cmd, args);
  assert.equal(outcome?.event, 'done', `${cmd}: ${JSON.stringify(outcome?.data)}`);
  return outcome!.data;
}

/** Waits until nothing is open any more. A job that was taken up and failed is a fault. */
async function settled(caller: Caller): Promise<void> {
  for (;;) {
    const jobs = (await data(caller, 'job.list')).jobs as {
      state: string;
      job: string;
      message: string | null;
      cmd: string;
    }[];
    for (const { job, state, message, cmd } of jobs) {
      assert.notEqual(state, 'failed', `${cmd} ${job} failed: ${message}`);
      if (state === 'paused') await call(caller, 'job.resume', { job });
    }
    const { waiting } = await data(caller, 'deliver.info');
    if (waiting === 0 && jobs.every(({ state }) => state === 'done' || state === 'cancelled')) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Everything that a server says is there, by what it is about. */
async function tell(caller: Caller): Promise<Map<string, string>> {
  const told = new Map<string, string>();
  for (const { id, gain } of (await data(caller, 'trigger.list')).maps as { id: string; gain: number }[])
    told.set(`map ${id}`, String(gain));
  const rule = await data(caller, 'deliver.info');
  const entries = await allClips(caller);
  for (const { clip, name, starred } of entries) {
    told.set(`clip ${clip}`, 'there');
    if (name !== '') told.set(`name ${clip}`, name);
    if (starred) told.set(`star ${clip}`, 'starred');
  }
  await checkDelivered(entries, rule);
  told.set('rule', JSON.stringify([rule.on, rule.folder]));
  const voices = (await data(caller, 'voice.list')).voices as { id: string; active: boolean }[];
  for (const { id, active } of voices) {
    told.set(`voice ${id}`, 'there');
    if (active) told.set('active', id);
  }
  for (const { dataset } of (await data(caller, 'dataset.list')).datasets as { dataset: string }[])
    told.set(`dataset ${dataset}`, 'there');
  for (const { voice } of (await data(caller, 'admin.jobs')).jobs as { voice: string }[])
    told.set(`training ${voice}`, 'there');
  return told;
}

/** Each starred clip is delivered, and each that is has a file of its own. */
async function checkDelivered(entries: readonly Entry[], rule: Data): Promise<void> {
  if (rule.root === null) return;
  assert.equal(rule.problem, null, 'nothing keeps clips from being delivered');
  let delivered = 0;
  for (const { clip, path: file, starred } of entries) {
    const done = readSidecar(await readFile(file.replace(/wav$/, 'json'), 'utf8'))?.delivery?.done === true;
    if (done) delivered += 1;
    if (rule.on === true && starred) assert.ok(done, `starred clip ${clip} is delivered`);
  }
  const files = await names(path.join(String(rule.root), String(rule.folder)), /\.(wav|flac)$/);
  assert.equal(files.length, delivered, 'each delivered clip has a file of its own');
}

async function names(dir: string, of: RegExp): Promise<string[]> {
  const found = await readdir(dir, { recursive: true }).catch(() => []);
  return found.filter((name) => of.test(name));
}

/** What of half a file there may be for a while, under names that nobody takes for a file. */
export const PARTIAL = /(^|\/)\.[^/]*\.(tmp|part)$/;

/** Every file that has its name is whole: sound can be decoded to its end, JSON can be parsed, line by line in logs. */
export async function checkWhole(folder: string): Promise<void> {
  for (const name of await names(folder, /\.(wav|flac|json|jsonl)$/)) {
    // Uploads are whole when their owner says so.
    if (PARTIAL.test(name) || /(^|\/)(uploads|voice-uploads|voices|run)\//.test(name) || name.includes('/.')) continue;
    const bytes = await readFile(path.join(folder, name)).catch(() => null);
    if (bytes === null) continue;
    try {
      if (name.endsWith('.wav')) {
        // Reading forgives what is cut short; the size at its head does not.
        assert.equal(bytes.readUInt32LE(4) + 8, bytes.length, 'its size');
        assert.ok(decodeWav(new Uint8Array(bytes)).pcm.length > 0, 'it has sound');
      } else if (name.endsWith('.flac')) assert.ok(readFlacComments(new Uint8Array(bytes)) !== null);
      else if (name.endsWith('.json')) JSON.parse(bytes.toString('utf8'));
      else checkLines(bytes.toString('utf8'));
    } catch (error) {
      throw new Error(`${name} is not whole: ${(error as Error).message}`, { cause: error });
    }
  }
}

/** A line that a crash cut short is its own, and never the beginning of the next. */
function checkLines(text: string): void {
  for (const line of text.split('\n')) {
    try {
      if (line !== '') JSON.parse(line);
    } catch {
      assert.doesNotMatch(line, /.\{"(when|at|is)":/, 'each line of a log begins anew');
    }
  }
}

/** Files that were never finished and lie around. */
export async function leftovers(folder: string): Promise<string[]> {
  return names(folder, PARTIAL);
}
