import {
  type Answer,
  encodeOsc,
  isErrorCode,
  isTerminal,
  type OscArg,
  type OscItem,
  ProtocolError,
  type Request,
  type Role,
} from '../../../protocol/index.ts';
import type { Delivery, Dispatcher, Session } from '../../dispatch/dispatcher.ts';

type OscRequest = Extract<OscItem, { kind: 'request' }>;

export interface OscConnection {
  readonly session: Session;
  /** Handles one request; its answers begin with the id as the sender wrote it. */
  receive(request: OscRequest, at?: number | null): void;
}

export interface OscClientOptions {
  transport: string;
  role: Role;
  lasting: boolean;
  /** Called when a request fails before it becomes a job: a sender that does not listen for answers never learns of it. */
  refused?: (error: ProtocolError) => void;
}

/** One client that speaks OSC: a session, and how each open request spells its id (1 and "1" are one id). */
export function connectOscClient(
  dispatcher: Dispatcher,
  send: (datagram: Uint8Array, droppable: boolean) => void,
  { transport, role, lasting, refused }: OscClientOptions,
): OscConnection {
  const echoes = new Map<string, { echo: OscArg; requests: number }>();
  let drawn = 0;
  const answer = (one: Answer, { cmd, droppable }: Delivery): void => {
    const id = one.id ?? '';
    const known = echoes.get(id);
    const datagrams = encodeOsc(cmd, known?.echo ?? { type: 'string', value: id }, one);
    // A second request with an id in use ends too, while the first one still needs its echo.
    if (known !== undefined && isTerminal(one.event) && --known.requests === 0) echoes.delete(id);
    for (const datagram of datagrams) send(datagram, droppable);
    const error = refusalOf(one);
    if (error !== null) refused?.(error);
  };
  const session = dispatcher.connect({ transport, role, send: answer, lasting });
  return {
    session,
    receive({ id, echo, cmd, args }, at = null) {
      const request: Request = { id: id ?? `osc ${++drawn}`, cmd, args, ...(at === null ? {} : { at }) };
      const known = echoes.get(request.id);
      if (known === undefined) echoes.set(request.id, { echo, requests: 1 });
      else known.requests += 1;
      void dispatcher.receive(session, () => request);
    },
  };
}

/** Null for all answers but a `failed` of a request that did not become a job and was not cancelled. */
function refusalOf({ event, data }: Answer): ProtocolError | null {
  if (event !== 'failed' || !isErrorCode(data.code) || data.code === 'cancelled' || data.job !== undefined) return null;
  return new ProtocolError(data.code, String(data.message));
}
