import { type Carrier, nothing } from './carrier.ts';
import { Hang, within } from './server.ts';

/** MIDI bytes, which have no answer. */
export const overMidi: Carrier = async (server, _role, frames) => {
  for (const { bytes } of frames) server.midi(bytes);
  const answer = await within(fetch(`${server.app.urls.http}/health`), 'an answer after MIDI');
  if (answer.status !== 200) throw new Hang(`/health says ${answer.status}`);
  await answer.arrayBuffer();
  return { ...nothing(), done: frames.length };
};
