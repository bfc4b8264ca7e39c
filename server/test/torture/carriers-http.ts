/** HTTP: a connection for each frame, and files of voices as bodies. */
import { connect } from 'node:net';
import type { Answer } from '../../../protocol/index.ts';
import { Broken, type Carrier, checkFailed, nextNumber, nothing, pieces, type Sent, tokenOf } from './carrier.ts';
import { type Running, within } from './server.ts';

/** Each frame is all that one connection says. */
export const overHttp: Carrier = async (server, _role, frames) => {
  const sent = nothing();
  for (const frame of frames) {
    const said = await within(
      exchange(server, pieces(frame)),
      `the end of a connection that said ${Buffer.from(frame.bytes.subarray(0, 60)).toString('latin1')}`,
    );
    countHttp(said, sent);
  }
  return sent;
};

export const HEAD = /HTTP\/1\.1 \d{3} /;

/** Notes each answer of those in a text. Throws where the server takes one for its own fault. */
export function countHttp(said: string, sent: Sent): void {
  // Each answer with JSON or without any body; a clip's bytes do not say this.
  const answers = said.match(new RegExp(HEAD, 'g')) ?? [];
  const good = answers.filter((line) => line.startsWith('HTTP/1.1 2')).length;
  sent.done += good;
  sent.refused += answers.length - good;
  const fault = /"code":"internal"/.exec(said);
  if (fault !== null)
    throw new Broken(`answered with ${said.slice(Math.max(0, fault.index - 300), fault.index + 300)}`);
}

/** Milliseconds after which a client has no more to say: what is cut short would wait for the rest, and a stream has no end. */
const SAID_MS = 5;

function exchange(server: Running, parts: readonly Uint8Array[]): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    let timer: NodeJS.Timeout | undefined;
    const socket = connect({ host: '127.0.0.1', port: server.app.ports.http ?? 0 }, () => {
      for (const part of parts) socket.write(part);
      timer = setTimeout(() => socket.end(), SAID_MS);
    });
    socket.setNoDelay(true);
    socket.setEncoding('latin1').on('data', (text) => {
      said = (said + String(text)).slice(0, 1_000_000);
      if (HEAD.test(String(text))) timer?.refresh();
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(said);
    });
  });
}

/** Files of voices as bodies. */
export const overPut: Carrier = async (server, role, frames) => {
  const sent = nothing();
  for (const { bytes } of frames) {
    const url = `${server.app.urls.http}/v1/voice.import?as=v${nextNumber()}`;
    const answered = fetch(url, { method: 'PUT', headers: tokenOf(role), body: Buffer.from(bytes) });
    const answer = (await (await within(answered, 'the end of an import')).json()) as Pick<Answer, 'event' | 'data'>;
    if (answer.event === 'done') sent.done += 1;
    else checkFailed(answer.data.code, answer.data.message);
    if (answer.event === 'failed') sent.refused += 1;
    if (answer.event === 'done')
      await fetch(`${server.app.urls.http}/v1/voice.delete`, {
        method: 'POST',
        headers: tokenOf(role),
        body: JSON.stringify({ voice: answer.data.voice }),
      });
  }
  return sent;
};
