/**
 * Opens a device that was lost, again and again until it is there: an interface is unplugged and plugged in between two
 * scenes. Stops for good once `isWanted` says no.
 * @param everyMs at first
 * @param take gets what was opened; it is closed where it comes too late
 */
export async function regain<O extends { close(): Promise<void> }>(
  open: () => Promise<O>,
  take: (output: O) => void,
  { everyMs, isWanted }: { everyMs: number; isWanted: () => boolean },
): Promise<void> {
  // Some systems write lines for each try: soon less often.
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
