/** HTTP: many requests in one connection, one behind the other before any is answered. */
import { connect } from 'node:net';
import { type Carrier, type Frame, nothing, pieces } from './carrier.ts';
import { countHttp, HEAD } from './carriers-http.ts';
import { type Running, within } from './server.ts';

/** Requests under way; one connection may have 128 open. */
const WINDOW = 100;
/** Milliseconds without an answer after which no more come: a broken request took what follows for its own, or a stream has no end. */
const QUIET_MS = 500;
const HEAD_CHARS = 'HTTP/1.1 200 '.length;
/** Of what is answered so much is looked at. */
const MAX_CHARS = 4_000_000;

/** Goes on in another connection where one ended, behind the request that ended it. Only what was answered counts as read. */
export const overPipelinedHttp: Carrier = async (server, _role, frames) => {
  const sent = nothing();
  let read = 0;
  for (let at = 0; at < frames.length; ) {
    const window = frames.slice(at, at + WINDOW);
    const said = await within(exchangeAll(server, window), 'the end of a connection with many requests');
    const { done, refused } = sent;
    countHttp(said, sent);
    const answered = Math.min(window.length, sent.done - done + sent.refused - refused);
    read += answered;
    at += Math.max(1, answered === window.length ? answered : answered + 1);
  }
  return { ...sent, read };
};

/** All that is answered to as many requests as there are, or until nothing more is. */
function exchangeAll(server: Running, frames: readonly Frame[]): Promise<string> {
  return new Promise((resolve) => {
    let [said, answers, end] = ['', 0, ''];
    const socket = connect({ host: '127.0.0.1', port: server.app.ports.http ?? 0 }, () =>
      socket.write(Buffer.concat(frames.flatMap(pieces))),
    );
    const quiet = setTimeout(() => socket.destroy(), QUIET_MS);
    socket.setNoDelay(true);
    socket.setEncoding('latin1').on('data', (text) => {
      const piece = String(text);
      const now = (end + piece).match(new RegExp(HEAD, 'g'))?.length ?? 0;
      // A head may be in two pieces; a whole one is longer than what is kept.
      end = (end + piece).slice(-HEAD_CHARS + 1);
      if (said.length < MAX_CHARS) said += piece;
      if (now > 0) quiet.refresh();
      answers += now;
      if (answers >= frames.length) socket.end();
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(quiet);
      resolve(said);
    });
  });
}
