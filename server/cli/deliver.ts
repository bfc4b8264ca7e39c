import path from 'node:path';
import type { ArgsInput, EventData } from '../../protocol/index.ts';
import { classesNamed } from './class-name.ts';
import { CliError, exits } from './errors.ts';
import { openSession, type SessionChoice } from './open-session.ts';

export interface DeliverOptions extends SessionChoice {
  folder?: string;
  what?: string;
  classes?: string;
  earlier?: boolean;
  format?: string;
  json?: boolean;
}

type State = EventData<'deliver.info', 'done'>;

/** `foleyd deliver on`: every saved, or starred, clip goes to a folder, once. */
export async function deliverOn(options: DeliverOptions): Promise<number> {
  const { what, classes, earlier, format } = options;
  if (what !== undefined && what !== 'saved' && what !== 'starred')
    throw new CliError('usage', `--what ${what}: expected saved or starred`);
  return withServer(options, async (call) => {
    const { root } = await call.info();
    if (root === null)
      throw new CliError(
        'no_delivery',
        'this server has no delivery folder; start it with: foleyd serve --deliver DIR',
      );
    // What is not named stays as it was.
    const given = {
      folder: options.folder === undefined ? undefined : below(root, options.folder),
      starred: what === undefined ? undefined : what === 'starred',
      earlier,
      settings: format === undefined ? undefined : { format },
      // `--classes all` is every class.
      classes: classes === undefined ? undefined : classes === 'all' ? null : await call.classes(classes),
    };
    return call.set(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)));
  });
}

/** `foleyd deliver off`. */
export async function deliverOff(options: DeliverOptions): Promise<number> {
  // Switched on again, it delivers as before.
  return withServer(options, (call) => call.set({ on: false }));
}

/** `foleyd deliver`, `foleyd deliver status`. */
export async function deliverStatus(options: DeliverOptions): Promise<number> {
  return withServer(options, (call) => call.info());
}

interface Calls {
  info(): Promise<State>;
  set(args: ArgsInput<'deliver.set'>): Promise<State>;
  classes(names: string): Promise<string[]>;
}

async function withServer(options: DeliverOptions, work: (call: Calls) => Promise<State>): Promise<number> {
  const session = await openSession({ ...options, purpose: 'server' });
  try {
    const state = await work({
      info: () => session.call('deliver.info', {}),
      set: (args) => session.call('deliver.set', args),
      classes: (names) => classesNamed(session, names),
    });
    process.stdout.write(options.json === true ? `${JSON.stringify(state)}\n` : `${sentence(state)}\n`);
    if (state.problem !== null) process.stderr.write(`foleyd: the last clip was not delivered: ${state.problem}\n`);
    return exits.ok;
  } finally {
    await session.close();
  }
}

/** A folder as deliver.set takes it: below the server's delivery folder, with / between. Throws usage. */
function below(root: string, folder: string): string {
  const relative = path.isAbsolute(folder) ? path.relative(root, folder) : path.normalize(folder);
  const steps = relative.split(path.sep).filter((step) => step !== '' && step !== '.');
  if (path.isAbsolute(relative) || steps.includes('..'))
    throw new CliError(
      'usage',
      `--folder ${folder} is not below the delivery folder ${root}; choose one below it, or restart with: foleyd serve --deliver ${folder}`,
    );
  return steps.join('/');
}

function sentence({ on, root, folder, starred, classes, delivered, waiting }: State): string {
  if (root === null) return 'delivery is off: the server has no delivery folder (foleyd serve --deliver DIR)';
  if (!on) return `delivery to ${root} is off`;
  const what = `${starred ? 'starred' : 'saved'} clips${classes === null ? '' : ` of ${classes.join(', ')}`}`;
  return `${what} are delivered to ${path.join(root, folder)}: ${delivered} since the server started, ${waiting} waiting`;
}
