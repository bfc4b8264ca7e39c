/** Records commands of the admin role in the audit log: who requested what, with which outcome. */
import type { ErrorCode, Request } from '../../protocol/index.ts';

/** An admin command and its sender. */
export interface AdminRequest {
  cmd: string;
  /** The client's id. */
  request: string;
  session: string;
  transport: string;
}

/** Receives admin commands and their outcomes. */
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
