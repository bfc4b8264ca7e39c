import { type EventData, encodePcm, type ProtocolError, toProtocolError } from '../../protocol/index.ts';
import type { Context } from '../dispatch/dispatcher.ts';
import type { Engine, EngineEvent } from '../engine/engine.ts';
import { gridOf } from './code-grid.ts';
import { courseOf } from './envelope.ts';
import { type Changed, recipeOf, remember, type Stream } from './stream.ts';
import { changeOf } from './stream-change.ts';
import { orderOf, understoodOf } from './voice-class.ts';

/** What is rendered together of what is made ahead; the rest is there for making it in time. */
const PART_OF_AHEAD = 0.6;

/** Runs a stream until it ends; `end` ends it because its client has disconnected. */
export async function runStream(
  stream: Stream,
  { signal, emit }: Pick<Context<'stream.start'>, 'signal' | 'emit'>,
  engine: Engine,
  end: (error: ProtocolError) => void,
): Promise<EventData<'stream.start', 'done'>> {
  const { id, args, first: voiceClass } = stream;
  const { voice, chosen } = voiceClass;
  const { columnSeconds } = gridOf(voice.card);
  const { changes, seconds, live, ahead, level, density = 0, envelope, seed, temperature, topK, topP } = args;
  const script = changes.map(({ step, redrawn = false, frame, ...change }, i) => ({
    ...changeOf(stream, change, `args.changes.${i}`),
    step,
    redrawn,
    ...(frame === undefined ? {} : { frame }),
  }));
  signal.throwIfAborted();
  emit('accepted', {
    stream: id,
    seed,
    voice: voice.id,
    class: chosen.label,
    rate: voice.rate,
    stepSeconds: columnSeconds,
    ...understoodOf(voiceClass),
    ...(stream.output === null ? {} : { device: stream.output.device }),
    recipe: { ...recipeOf(stream, 0) },
  });
  stream.run = engine.run(
    {
      ...orderOf(voiceClass),
      seed,
      temperature,
      topK,
      topP,
      rate: voice.rate,
      previews: false,
      urgent: live,
      endless: {
        steps: seconds === undefined ? null : Math.max(1, Math.ceil(seconds / columnSeconds - 1e-9)),
        ahead: live ? ahead : null,
        partSeconds: ahead * PART_OF_AHEAD,
        level,
        ...(density === 0 ? {} : { density }),
        ...(envelope === undefined ? {} : { levels: courseOf(envelope, voice) }),
        // Where nothing is sent only the output has it, which takes what comes in place of what it has not played yet.
        revise: args.audio ? args.revise : stream.output !== null,
        changes: script,
      },
    },
    (event) => hear(stream, event, emit),
  );
  const gone = (): void => end(toProtocolError(signal.reason));
  signal.addEventListener('abort', gone, { once: true });
  try {
    await stream.run.done;
    await stream.output?.end();
  } catch (error) {
    if (stream.stopped === null) throw error;
    if (stream.stopped.error !== null) throw stream.stopped.error;
  } finally {
    signal.removeEventListener('abort', gone);
    stream.output?.stop();
  }
  const gaps = stream.gaps + (stream.output?.pauses ?? 0);
  const ended = stream.stopped?.quiet === true ? ({ ended: 'quiet' } as const) : {};
  return { stream: id, seconds: stream.sent / voice.rate, gaps, ...ended, recipe: { ...recipeOf(stream, 0) } };
}

/** What the engine tells of a stream, to its client, its output and its recipe. */
function hear(stream: Stream, event: EngineEvent, emit: Context<'stream.start'>['emit']): void {
  if (stream.stopped !== null) return;
  if (event.type === 'changed') {
    const { label, level, redrawn, frame } = event.change;
    const changed = {
      step: event.step,
      ...(redrawn === true ? { redrawn } : {}),
      ...(frame === undefined ? {} : { frame }),
      ...label,
      ...(level === undefined ? {} : { level }),
    } as Changed;
    // The recipe repeats the change, and this is no argument of one.
    const { understood: _, ...kept } = changed;
    stream.changes.push(kept);
    emit('changed', changed);
  } else if (event.type === 'sound') {
    const { step, offset, rate, pcm, gaps } = event;
    const { audio, format } = stream.args;
    remember(stream, offset, pcm, rate);
    stream.gaps = gaps;
    stream.output?.add(offset, pcm);
    if (audio) emit('audio', { step, offset, rate, channels: 1, format, pcm: encodePcm(pcm, format) });
  }
}
