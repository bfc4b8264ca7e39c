/** Several clients at once at one server, and whether it has survived them. */
import { Broken, type Frame, type Sent } from './carriers.ts';
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

  constructor(target: string, kind: Failure, cause: Error) {
    super(cause.message, { cause });
    this.target = target;
    this.kind = kind;
  }
}

/** Sends all parts at once; says what came of each. Throws Fallen where the server broke a promise, hung or ended. */
export async function attack(
  server: Running,
  parts: readonly Part[],
  hear: (told: unknown) => void = () => undefined,
): Promise<Sent[]> {
  const faults = server.faults.length;
  const ended = server.exit.then(() => Promise.reject(new Broken(`the server ended: ${JSON.stringify(server.end)}`)));
  ended.catch(() => undefined);
  const fallen = (target: Target, error: Error): Fallen =>
    new Fallen(target.name, server.end !== null ? 'crashes' : error instanceof Hang ? 'hangs' : 'broken', error);
  const sent = await Promise.all(
    parts.map(async ({ target, frames }) => {
      const carried = target.carry(server, target.role, frames, hear);
      carried.catch(() => undefined);
      return Promise.race([carried, ended]).catch((error: Error) => Promise.reject(fallen(target, error)));
    }),
  );
  const said = server.faults.slice(faults).join('\n').slice(0, 2000);
  if (said !== '') throw fallen(parts[0]!.target, new Broken(`in the log: ${said}`));
  return sent;
}
