/**
 * Retries opening an audio device that was lost, for example unplugged, until it is back. Stops once `isWanted` is false.
 * @param everyMs the first interval; it doubles, up to eight times as long
 * @param take gets the opened device; one that opens too late is closed
 */
export async function reopen<O extends { close(): Promise<void> }>(
  open: () => Promise<O>,
  take: (output: O) => void,
  { everyMs, isWanted }: { everyMs: number; isWanted: () => boolean },
): Promise<void> {
  // Some audio systems log each attempt, so they become rarer.
  for (let wait = everyMs; isWanted(); wait = Math.min(2 * wait, 8 * everyMs)) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (!isWanted()) return;
    const output = await open().catch(() => null);
    if (output === null) continue;
    if (isWanted()) take(output);
    else await output.close().catch(() => undefined);
    return;
  }
}
