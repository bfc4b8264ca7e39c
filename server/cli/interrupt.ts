/** The first Ctrl-C ends the request, the second one the process. */
export function onInterrupt(stop: () => void): { readonly happened: boolean; stop(): void } {
  const state = { happened: false, stop: () => void process.removeListener('SIGINT', heard) };
  const heard = (): void => {
    state.happened = true;
    stop();
  };
  process.once('SIGINT', heard);
  return state;
}

/** What a command does over its session, which Ctrl-C ends: resolves with `code` then, and with what `run` says otherwise. */
export async function untilInterrupt(
  session: { close(): Promise<void> },
  code: number,
  run: () => Promise<number>,
): Promise<number> {
  const interrupted = onInterrupt(() => void session.close());
  try {
    return await run();
  } catch (error) {
    if (interrupted.happened) return code;
    throw error;
  } finally {
    interrupted.stop();
    await session.close();
  }
}
