/** HTTP: a connection for each frame, one for all, and files of voices as bodies. */
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

/** Milliseconds without an answer after which what is asked for no longer comes: a broken frame took it for its own. */
const QUIET_MS = 2000;
const HEAD = /HTTP\/1\.1 \d{3} /;

/** All frames in one connection, one behind the other before any is answered; what follows a broken one may not be read. */
export const overPipelinedHttp: Carrier = async (server, _role, frames) => {
  const sent = nothing();
  const last = Buffer.from('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
  const parts = [...frames.flatMap(pieces), last];
  countHttp(await within(exchange(server, parts, QUIET_MS), 'the end of a connection with many requests'), sent);
  return { ...sent, read: Math.min(frames.length, sent.done + sent.refused) };
};

function countHttp(said: string, sent: Sent): void {
  // Each answer with JSON or without any body; a clip's bytes do not say this.
  const answers = said.match(new RegExp(HEAD, 'g')) ?? [];
  const good = answers.filter((line) => line.startsWith('HTTP/1.1 2')).length;
  sent.done += good;
  sent.refused += answers.length - good;
  const fault = /"code":"internal"/.exec(said);
  if (fault !== null)
    throw new Broken(`answered with ${said.slice(Math.max(0, fault.index - 300), fault.index + 300)}`);
}

/** @param quiet after so many milliseconds in which no answer began the client has no more to say: a stream has no end */
function exchange(server: Running, parts: readonly Uint8Array[], quiet = 5): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    let timer: NodeJS.Timeout | undefined;
    const socket = connect({ host: '127.0.0.1', port: server.app.ports.http ?? 0 }, () => {
      for (const part of parts) socket.write(part);
      // What is cut short would wait for the rest.
      timer = setTimeout(() => socket.end(), quiet);
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
