/** Answer of GET /health, as far as we look. */
export interface Health {
  version: string;
}

/** Long enough for a busy machine, short enough that nobody wonders: on loopback a closed port answers at once. */
const PATIENCE_MS = 1500;

/** Whether a foleyd answers at `base` (as http://127.0.0.1:9247); null when nothing or something else does. */
export async function health(base: string): Promise<Health | null> {
  try {
    const answer = await fetch(new URL('/health', base), { signal: AbortSignal.timeout(PATIENCE_MS) });
    const body: unknown = await answer.json();
    const { name, version } = body as Record<string, unknown>;
    return name === 'foleyd' && typeof version === 'string' ? { version } : null;
  } catch {
    return null;
  }
}
