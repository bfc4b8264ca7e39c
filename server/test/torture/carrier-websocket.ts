import { once } from 'node:events';
import WebSocket from 'ws';
import { type Answer, type Codec, isTerminal } from '../../../protocol/index.ts';
import { Broken, type Carrier, checkFailed, nextNumber, nothing, pieces, tokenOf } from './carrier.ts';
import { within } from './server.ts';

/** Milliseconds that a client may wait for ends before it cancels what is left. */
const WAIT_MS = 400;

/** A WebSocket of the protocol's own. */
export function overWs(codec: Codec): Carrier {
  return async (server, role, frames, hear) => {
    const socket = new WebSocket(server.app.urls.ws ?? '', codec.subprotocol, {
      perMessageDeflate: false,
      headers: tokenOf(role),
    });
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    await within(Promise.race([once(socket, 'open'), closed]), 'a WebSocket to open');
    const sent = nothing();
    const ids = new Map<string, { cmd: string | null; ends: number }>(
      frames.flatMap(({ id, cmd }) => (id === undefined ? [] : [[id, { cmd: cmd ?? null, ends: 0 }] as const])),
    );
    let problem: Error | null = null;
    let wake = (): void => undefined;
    const take = (answer: Answer): void => {
      hear(answer.data);
      if (answer.event === 'failed') {
        sent.refused += 1;
        // It answers another message that has the id of one that is open.
        if (answer.data.code === 'duplicate_id') return;
        checkFailed(answer.data.code, answer.data.message);
      }
      if (answer.event === 'accepted') sent.accepted += 1;
      if (answer.event === 'done') sent.done += 1;
      const known = ids.get(answer.id ?? '');
      if (known === undefined || !isTerminal(answer.event)) return;
      if (++known.ends > 1) throw new Broken(`request ${answer.id} ended twice`);
      if (known.cmd === null) return;
      const ends = sent.ends.get(known.cmd) ?? new Map<string, number>();
      const how = answer.event === 'done' ? 'done' : String(answer.data.code);
      sent.ends.set(known.cmd, ends.set(how, (ends.get(how) ?? 0) + 1));
    };
    socket.on('message', (data, isBinary) => {
      try {
        take(codec.decodeAnswer(isBinary ? new Uint8Array(data as Buffer) : String(data)));
      } catch (error) {
        problem ??= error as Error;
      }
      wake();
    });
    const ask = (cmd: string, args: Record<string, unknown>): string => {
      const id = `bench ${nextNumber()}`;
      ids.set(id, { cmd: null, ends: 0 });
      socket.send(codec.encodeRequest({ id, cmd, args }));
      return id;
    };
    const until = (is: () => boolean, what: string, ms?: number): Promise<unknown> => {
      const reached = new Promise<void>((resolve) => {
        const look = (): void => void ((is() || problem !== null) && resolve());
        wake = look;
        look();
      });
      return within(Promise.race([reached, closed]), what, ms);
    };
    for (const frame of frames) {
      const all = pieces(frame);
      for (const [i, piece] of all.entries())
        socket.send(codec.binary ? piece : Buffer.from(piece), { binary: codec.binary, fin: i === all.length - 1 });
    }
    const ping = ask('server.ping', {});
    await until(() => ids.get(ping)!.ends > 0, 'the answer to a ping after the frames');
    const open = (): string[] => [...ids].flatMap(([id, { ends }]) => (ends === 0 ? [id] : []));
    // Half of the clients wait a little for what they asked for.
    if (frames.length % 2 === 0) await until(() => open().length === 0, 'ends', WAIT_MS).catch(() => undefined);
    // Watches and paused jobs would go on for ever.
    if (socket.readyState === WebSocket.OPEN) for (const request of open()) ask('foley.cancel', { request });
    const names = open().map((id) => `${ids.get(id)?.cmd ?? 'foley.cancel'} (${id})`);
    await until(() => open().length === 0, `an end of one of ${names.join(', ')}`.slice(0, 1000));
    socket.terminate();
    await closed;
    if (problem !== null) throw problem;
    // A text that is no UTF-8 ends it, and what follows is never read.
    const isWhole = ids.get(ping)!.ends > 0;
    return { ...sent, read: isWhole ? frames.length : Math.min(frames.length, sent.done + sent.refused) };
  };
}
