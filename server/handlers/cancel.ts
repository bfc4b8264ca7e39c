import { commandOf, isCommandName, ProtocolError } from '../../protocol/index.ts';
import type { Handler } from '../dispatch/dispatcher.ts';
import type { Scheduler } from '../dispatch/scheduler.ts';
import type { Batches } from './batches.ts';

/**
 * `foley.cancel`: by request it reaches this connection's own requests; by job any job, since only who was told a
 * job's id knows it, and a client without a lasting connection (HTTP) has no other name for it.
 */
export function cancel({ scheduler, batches }: { scheduler: Scheduler; batches: Batches }): Handler<'foley.cancel'> {
  return ({ args, session }) => {
    if (args.job !== undefined) return { cancelled: scheduler.cancel(args.job) || batches.cancel(args.job) };
    const open = session.open.get(args.request ?? '');
    if (open === undefined || !isJob(open.cmd) || open.stop.aborted) return { cancelled: false };
    open.stop.abort(new ProtocolError('cancelled', 'the job was cancelled'));
    return { cancelled: true };
  };
}

/** What takes its time says first that it was accepted. */
function isJob(cmd: string): boolean {
  return isCommandName(cmd) && Object.hasOwn(commandOf(cmd).events, 'accepted');
}
