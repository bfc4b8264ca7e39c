/** Several clients at once at one server, and whether it has survived them. */
import { Broken, type Frame, type Sent } from './carrier.ts';
import { Hang, type Running } from './server.ts';
import type { Target } from './targets.ts';

/** What one of the clients says. */
export interface Part {
  target: Target;
  frames: readonly Frame[];
}

export type Failure = 'crashes' | 'hangs' | 'broken';

/** Whose frames the server could not take, as far as one can tell: with several clients it may have been another's. */
export class Fallen extends Error {
  override readonly name = 'Fallen';
  readonly target: string;
  readonly kind: Failure;
  /** What all clients were saying just then. */
  readonly parts: readonly Part[];

  constructor(target: string, kind: Failure, cause: Error, parts: readonly Part[]) {
    super(cause.message, { cause });
    this.target = target;
    this.kind = kind;
    this.parts = parts;
  }
}

export interface Attack<P extends Part> {
  /** So many clients at a time; when one has said all of its part, the next one comes in its place. */
  clients: number;
  /** The next part; null when there is none. */
  next: () => P | null;
  onSent?: (part: P, sent: Sent) => void;
  hear?: (told: unknown) => void;
}

/** Throws Fallen at the first time that the server broke a promise, hung or ended. */
export async function attack<P extends Part>(
  server: Running,
  { clients, next, onSent, hear = () => undefined }: Attack<P>,
): Promise<void> {
  const faults = server.faults.length;
  const ended = server.exit.then(() => Promise.reject(new Broken(`the server ended: ${JSON.stringify(server.end)}`)));
  ended.catch(() => undefined);
  const flying = new Set<P>();
  let isOver = false;
  const send = async (part: P): Promise<void> => {
    const { target, frames } = part;
    flying.add(part);
    try {
      const carried = target.carry(server, target.role, frames, hear);
      carried.catch(() => undefined);
      const sent = await Promise.race([carried, ended]);
      const said = server.faults.slice(faults).join('\n').slice(0, 2000);
      if (said !== '') throw new Broken(`in the log: ${said}`);
      onSent?.(part, sent);
    } catch (thrown) {
      isOver = true;
      const kind = server.end !== null ? 'crashes' : thrown instanceof Hang ? 'hangs' : 'broken';
      throw new Fallen(target.name, kind, thrown as Error, [...flying]);
    }
    flying.delete(part);
  };
  const client = async (): Promise<void> => {
    for (let part = next(); part !== null; part = isOver ? null : next()) await send(part);
  };
  await Promise.all(Array.from({ length: clients }, client));
}

/** Sends all parts at once. */
export async function attackWith(server: Running, parts: readonly Part[]): Promise<void> {
  const left = [...parts];
  await attack(server, { clients: parts.length, next: () => left.shift() ?? null });
}
