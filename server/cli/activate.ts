import { exits } from './errors.ts';
import { openSession, type SessionChoice } from './open-session.ts';

type Options = SessionChoice & { force?: boolean; json?: boolean };

/** `foleyd activate ID` and, without an id, `foleyd rollback`. */
export async function activate(voice: string | null, options: Options): Promise<number> {
  const session = await openSession(options);
  try {
    const done =
      voice === null
        ? await session.call('admin.rollback', {})
        : await session.call('admin.activate', { voice, force: options.force === true });
    if (done.warning !== null) process.stderr.write(`foleyd: ${done.warning}\n`);
    process.stdout.write(
      options.json === true ? `${JSON.stringify(done)}\n` : `${done.voice} is active, ${done.previous} was\n`,
    );
    return exits.ok;
  } finally {
    await session.close();
  }
}
