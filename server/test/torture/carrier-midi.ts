import { type Carrier, nothing } from './carrier.ts';
import { Hang, within } from './server.ts';

/** Messages that come in one piece. */
const TOGETHER = 20;

/** MIDI bytes, which have no answer. */
export const overMidi: Carrier = async (server, _role, frames) => {
  for (let at = 0; at < frames.length; at += TOGETHER)
    server.midi(new Uint8Array(Buffer.concat(frames.slice(at, at + TOGETHER).map(({ bytes }) => bytes))));
  const answer = await within(fetch(`${server.app.urls.http}/health`), 'an answer after MIDI');
  if (answer.status !== 200) throw new Hang(`/health says ${answer.status}`);
  await answer.arrayBuffer();
  return { ...nothing(), done: frames.length };
};
