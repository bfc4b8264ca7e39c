import type { Handler } from '../dispatch/dispatcher.ts';
import type { Streams } from '../generation/streams.ts';

/** `stream.*`: all of it is generation/streams.ts. */
export interface StreamHandlerDeps {
  streams: Streams;
}

export function streamStart({ streams }: StreamHandlerDeps): Handler<'stream.start'> {
  return (context) => streams.play(context);
}

export function streamSet({ streams }: StreamHandlerDeps): Handler<'stream.set'> {
  return async ({ args: { stream, ...change } }) => {
    await streams.change(stream, change);
    return { stream };
  };
}

export function streamStop({ streams }: StreamHandlerDeps): Handler<'stream.stop'> {
  return ({ args: { stream } }) => {
    streams.stop(stream);
    return { stream };
  };
}

export function streamKeep({ streams }: StreamHandlerDeps): Handler<'stream.keep'> {
  return ({ args: { stream, seconds, name } }) => streams.keep(stream, seconds, name);
}
