import type { Handler } from '../dispatch/dispatcher.ts';
import type { Catalog } from '../voices/voice.ts';

/** `voice.info`: the whole card, or why the voice cannot be used. */
export function voiceInfo(deps: { catalog: Catalog }): Handler<'voice.info'> {
  return async ({ args }) => ({ card: (await deps.catalog.find(args.voice)).card });
}
