import type { EventData } from '../../protocol/index.ts';
import { columns } from './columns.ts';
import { exits } from './errors.ts';
import { openSession, type SessionChoice } from './open-session.ts';

export type FarmOptions = SessionChoice & { json?: boolean };
type Status = EventData<'farm.status', 'done'>;

/** `foleyd farm status`: what a server knows of its render farm. */
export async function farmStatus(options: FarmOptions): Promise<number> {
  const session = await openSession({ ...options, purpose: 'server' });
  try {
    const status = await session.call('farm.status', {});
    process.stdout.write(options.json === true ? `${JSON.stringify(status)}\n` : textOf(status));
    return exits.ok;
  } finally {
    await session.close();
  }
}

export function textOf(status: Status): string {
  const { state, problem, broker, workers, queues, own, pending, held, made, cached, local } = status;
  if (state === 'none') return 'this server has no farm; start it with: foleyd serve --farm nats://HOST:PORT\n';
  const parts = [`broker  ${broker}${problem === null ? '' : `: ${problem}`}\n`];
  parts.push(
    `clips   ${pending} awaited, ${held} held, ${made} from the farm, ${cached} made before, ${local} made here\n`,
  );
  for (const { voice, fingerprint, arithmetic } of own) {
    const makers = workers.filter(({ voices }) => voices.some((one) => one.fingerprint === fingerprint));
    parts.push(
      `voice   ${voice}  ${fingerprint}  ${arithmetic}  ${makers.length} of ${workers.length} workers make it\n`,
    );
  }
  if (workers.length > 0) {
    const rows = workers.map((one) => [
      one.worker,
      one.host,
      `${one.live}+${one.bulk} of ${one.slots}`,
      `${one.rate.toFixed(2)}/s`,
      `${one.made} made`,
      `${one.failed} failed`,
      one.leaving ? 'leaving' : `${one.voices.length} voices`,
    ]);
    parts.push(`\n${columns(rows)}`);
  }
  const busy = queues.filter(({ waiting, taken }) => waiting + taken > 0);
  if (busy.length > 0)
    parts.push(
      `\n${columns(
        busy.map((one) => [
          one.urgency,
          one.fingerprint,
          `${one.waiting} waiting`,
          `${one.taken} taken`,
          `${one.repeated} repeated`,
        ]),
      )}`,
    );
  return parts.join('');
}
