import type { EventData } from '../../protocol/index.ts';
import { exits } from './errors.ts';
import { untilInterrupt } from './interrupt.ts';
import { openSession, type SessionChoice } from './open-session.ts';

type Watched<E extends 'job' | 'hit' | 'pool' | 'refused'> = EventData<'server.watch', E>;

/** `foleyd watch`: what happens in the server, a line each, until it ends or Ctrl-C. Rows only with --json. */
export async function watch(options: SessionChoice & { json?: boolean }): Promise<number> {
  const session = await openSession({ ...options, purpose: 'server' });
  if (options.json !== true) process.stderr.write(`watching ${session.where}; Ctrl-C ends it\n`);
  return untilInterrupt(session, exits.ok, async () => {
    await session.call('server.watch', { refused: true }, (event, data) => {
      if (event === 'accepted') return;
      const line = options.json === true ? JSON.stringify({ event, data }) : lineOf(event, data);
      if (line !== null) process.stdout.write(`${line}\n`);
    });
    return exits.ok;
  });
}

function lineOf(event: string, data: object): string | null {
  const clock = new Date().toTimeString().slice(0, 8);
  if (event === 'job') {
    const { job, state, clips } = data as Watched<'job'>;
    if (state === 'row') return null;
    return `${clock}  job   ${job}  ${state}${clips === undefined ? '' : `, ${clips} ${clips === 1 ? 'clip' : 'clips'}`}`;
  }
  if (event === 'hit') {
    const { map, from, late, remaining } = data as Watched<'hit'>;
    const delay = late > 0 ? `, ${(1000 * late).toFixed(1)} ms late` : '';
    return `${clock}  hit   ${map}  ${from}${delay}, ${remaining} ready`;
  }
  if (event === 'pool') {
    const { map, ready, want, coming } = data as Watched<'pool'>;
    return `${clock}  pool  ${map}  ${ready} of ${want} ready, ${coming} being generated`;
  }
  if (event === 'refused') {
    const { transport, address, code, message } = data as Watched<'refused'>;
    return `${clock}  refused  ${transport} from ${address}  ${code}: ${message}`;
  }
  return null;
}
