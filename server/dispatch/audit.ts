/** What is written down of commands of the admin role: who asked for what, and what came of it. */
import type { ErrorCode, Request } from '../../protocol/index.ts';

/** Who asked for something of the admin role. */
export interface AdminRequest {
  cmd: string;
  /** The client's id. */
  request: string;
  session: string;
  transport: string;
}

/** What the admin role is asked for, and what comes of it. */
export interface Audit {
  /** Before it is handled. */
  begun(request: AdminRequest, args: unknown): Promise<void>;
  /** @param code why it failed; null when it is done */
  ended(request: AdminRequest, code: ErrorCode | null): Promise<void>;
  refused(request: AdminRequest, code: ErrorCode): void;
}

export function adminRequest({ id, transport }: { id: string; transport: string }, request: Request): AdminRequest {
  return { cmd: request.cmd, request: request.id, session: id, transport };
}
