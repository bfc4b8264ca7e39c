import type { Handler } from '../dispatch/dispatcher.ts';
import type { Catalog } from '../voices/voice.ts';

/** `voice.list`: the voices that can be used now; a broken one is left out here and named by `voice.info`. */
export function voiceList(deps: { catalog: Catalog }): Handler<'voice.list'> {
  return async () => {
    const voices = await deps.catalog.list();
    return {
      voices: voices.map(({ id, name, classes, hash }) => {
        return { id, name, classes, hash, active: id === deps.catalog.active };
      }),
    };
  };
}
