/** What a doctor finds: it works, it works less well than it could, or foleyd cannot do its work. */
export interface Finding {
  status: 'ok' | 'warn' | 'fail';
  /** What is there, or what to do, in one line. */
  detail: string;
  /** For scripts; only with warn and fail. */
  code?: string;
  /** More for --json. */
  data?: Record<string, unknown>;
}

export interface Check extends Finding {
  name: string;
}

export const ok = (detail: string, data?: Record<string, unknown>): Finding => ({
  status: 'ok',
  detail,
  ...(data && { data }),
});

export const warn = (code: string, detail: string): Finding => ({ status: 'warn', code, detail });

export const fail = (code: string, detail: string): Finding => ({ status: 'fail', code, detail });

/** Runs one look; one that throws is a failed check and never a failed doctor. */
export async function check(name: string, look: () => Finding | Promise<Finding>): Promise<Check> {
  try {
    return { name, ...(await look()) };
  } catch (error) {
    return { name, ...fail('check_failed', error instanceof Error ? error.message : String(error)) };
  }
}

/** Exit code and closing sentence of a list of checks. */
export function verdict(checks: readonly Check[]): { healthy: boolean; sentence: string } {
  const count = (status: Finding['status']) => checks.filter((c) => c.status === status).length;
  const [failed, warned] = [count('fail'), count('warn')];
  const sentence = `${count('ok')} ok, ${warned} ${warned === 1 ? 'warning' : 'warnings'}, ${failed} failed`;
  return { healthy: failed === 0, sentence };
}
