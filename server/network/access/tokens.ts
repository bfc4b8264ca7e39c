import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync, unwatchFile, watchFile } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ProtocolError, type Role } from '../../../protocol/index.ts';
import { writeAtomic } from '../../util/atomic-file.ts';
import type { LogLine } from '../../util/log-line.ts';

/** What a client may do, and for how long: a token that is rotated takes what it gave with it. */
export interface Grant {
  readonly role: Role;
  holds(): boolean;
}

const entry = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), since: z.string() });
const schema = z.object({ play: entry.optional(), admin: entry.optional() });
type Stored = z.infer<typeof schema>;

/** Milliseconds between looks for a rotation, for clients that are connected and say nothing. */
const LOOK_MS = 500;

export function tokensFile(data: string): string {
  return path.join(data, 'tokens.json');
}

/**
 * Makes a new token of a role and returns it; only its SHA-256 is kept, so this is the one time it is seen. A token is
 * 256 random bits: a slow hash as for passwords would guard against guessing what cannot be guessed, and would let
 * anyone who sends wrong tokens keep the server busy. Rejects with what the disk says.
 */
export async function rotateToken(data: string, role: Role): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await store(data, { ...readTokens(data), [role]: { sha256: hex(token), since: new Date().toISOString() } });
  return token;
}

/** False when there was none. Rejects with what the disk says. */
export async function removeToken(data: string, role: Role): Promise<boolean> {
  const { [role]: removed, ...others } = readTokens(data);
  if (removed !== undefined) await store(data, others);
  return removed !== undefined;
}

/** The stored token hashes. Throws if the file exists but cannot be read: an unreadable file must not grant access. */
export function readTokens(data: string): Stored {
  let text: string;
  try {
    text = readFileSync(tokensFile(data), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  return schema.parse(JSON.parse(text));
}

export interface TokensOptions {
  /** Folder with the file of tokens. */
  data: string;
  /** Set by the person who started the server; each goes before the one that is kept for its role. */
  given: { [R in Role]?: string | undefined };
  /** Gives the admin role to programs of this machine. */
  machine: string | null;
  /** Nobody plays without a token, even where none is kept. */
  strict: boolean;
  log: LogLine;
}

/** Knows which token gives which role, from the first moment after a rotation. */
export class Tokens {
  readonly #options: TokensOptions;
  readonly #given: Map<Role, Buffer>;
  readonly #machine: Buffer | null;
  #stored = new Map<Role, Buffer>();
  /** The file cannot be read: its tokens are unknown, so it opens nothing, and whoever needs none is asked for one. */
  #broken = false;
  #stamp = '';
  readonly #onChange = new Set<() => void>();

  constructor(options: TokensOptions) {
    this.#options = options;
    const given = Object.entries(options.given).filter((one): one is [Role, string] => one[1] !== undefined);
    this.#given = new Map(given.map(([role, token]) => [role, digest(token)]));
    this.#machine = options.machine === null ? null : digest(options.machine);
    this.#look();
  }

  /** Calls back after each change of the file. Returns the way to stop. */
  watch(listener: () => void): () => void {
    const file = tokensFile(this.#options.data);
    if (this.#onChange.size === 0) watchFile(file, { interval: LOOK_MS, persistent: false }, () => this.#look());
    this.#onChange.add(listener);
    return () => {
      this.#onChange.delete(listener);
      if (this.#onChange.size === 0) unwatchFile(file);
    };
  }

  /** Throws unauthorized: for a token that is wrong, and for none where one is asked for. */
  grant(token: string | null, fromThisMachine: boolean): Grant {
    this.#look();
    if (token === null) {
      if (!this.isOpen) throw new ProtocolError('unauthorized');
      return { role: 'play', holds: () => this.isOpen };
    }
    const given = digest(token);
    // All are compared, always: how long it takes says nothing about which is nearly right.
    const isMachine = same(given, this.#machine) && fromThisMachine;
    const [isAdmin, isPlay] = [same(given, this.#of('admin')), same(given, this.#of('play'))];
    if (isMachine) return { role: 'admin', holds: () => true };
    if (isAdmin) return { role: 'admin', holds: () => same(given, this.#of('admin')) };
    if (isPlay) return { role: 'play', holds: () => same(given, this.#of('play')) };
    // A wrong secret is said to be wrong, not quietly taken for none.
    throw new ProtocolError('unauthorized');
  }

  /** Whether clients without a token play. */
  get isOpen(): boolean {
    return !this.#options.strict && !this.#broken && this.#of('play') === null;
  }

  #of(role: Role): Buffer | null {
    return this.#given.get(role) ?? this.#stored.get(role) ?? null;
  }

  #look(): void {
    const stamp = stampOf(tokensFile(this.#options.data));
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    this.#stored.clear();
    try {
      const read = readTokens(this.#options.data);
      this.#broken = false;
      for (const role of ['play', 'admin'] as const) {
        const kept = read[role];
        if (kept !== undefined) this.#stored.set(role, Buffer.from(kept.sha256, 'hex'));
      }
    } catch (error) {
      this.#broken = true;
      this.#options.log('error', 'the file of tokens cannot be read, so all tokens in it are refused', { err: error });
    }
    for (const changed of this.#onChange) changed();
  }
}

/** Changes whenever the file does: each write is a new file. */
function stampOf(file: string): string {
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    return found === undefined ? 'none' : `${found.ino} ${found.mtimeMs} ${found.size}`;
  } catch (error) {
    // Nobody may look into the folder: reading fails as well, and is told of. Here it is called by a timer, too.
    return `unreadable: ${(error as NodeJS.ErrnoException).code}`;
  }
}

async function store(data: string, tokens: Stored): Promise<void> {
  await writeAtomic(tokensFile(data), `${JSON.stringify(tokens)}\n`, 0o600);
}

function hex(token: string): string {
  return digest(token).toString('hex');
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function same(given: Buffer, known: Buffer | null): boolean {
  return timingSafeEqual(given, known ?? Buffer.alloc(given.length)) && known !== null;
}
