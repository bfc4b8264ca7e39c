import type { Catalog } from '../catalog/catalog.ts';
import type { Handler } from '../registry.ts';

/** `voice.info`: the whole card, or why the voice cannot be used. */
export function voiceInfo(deps: { catalog: Catalog }): Handler<'voice.info'> {
  return async ({ args }) => ({ card: (await deps.catalog.find(args.voice)).card });
}
