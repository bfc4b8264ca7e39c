import { checkArgs, commandOf, encodePcm, ProtocolError, type TriggerMap } from '../../protocol/index.ts';
import type { Handler } from '../dispatch/dispatcher.ts';
import { told } from '../generation/class-weights.ts';
import type { Dates } from '../playback/clock.ts';
import type { TriggerBank } from '../triggers/bank.ts';
import type { HeardPart } from '../triggers/hit-audio.ts';

export interface TriggerDeps {
  triggers: TriggerBank;
  clock: Dates;
}

/** `trigger.map`. */
export function triggerMap({ triggers }: TriggerDeps): Handler<'trigger.map'> {
  return async ({ args }) => {
    return { map: args, ...told(await triggers.set([args])) };
  };
}

/** `trigger.edit`. */
export function triggerEdit({ triggers }: TriggerDeps): Handler<'trigger.edit'> {
  return async ({ args: { id, change } }) => {
    const merged = { ...triggers.get(id), ...change, id };
    // JSON has no other word for an argument that is not given.
    const given = Object.fromEntries(
      Object.entries(merged).filter(([, value]) => value !== null && value !== undefined),
    );
    try {
      const map = checkArgs(commandOf('trigger.map'), given) as unknown as TriggerMap;
      return { map, ...told(await triggers.set([map])) };
    } catch (error) {
      throw ofChange(error);
    }
  };
}

/** What is wrong with the map that would come of it, as it is of the change. */
function ofChange(error: unknown): unknown {
  if (!(error instanceof ProtocolError) || error.path?.startsWith('args.') !== true) return error;
  const there = (text: string): string => text.replace(/^args\./, 'args.change.');
  return new ProtocolError(error.code, there(error.message), { path: there(error.path), cause: error });
}

/** `trigger.unmap`. */
export function triggerUnmap({ triggers }: TriggerDeps): Handler<'trigger.unmap'> {
  return async ({ args: { id } }) => {
    await triggers.remove(id);
    return { id };
  };
}

/** `trigger.list`. */
export function triggerList({ triggers }: TriggerDeps): Handler<'trigger.list'> {
  return () => ({ maps: triggers.maps, pools: triggers.pools() });
}

/** `trigger.export`. */
export function triggerExport({ triggers }: TriggerDeps): Handler<'trigger.export'> {
  return ({ args: { ids } }) => ({ maps: ids === undefined ? triggers.maps : ids.map((id) => triggers.get(id)) });
}

/** `trigger.import`. */
export function triggerImport({ triggers }: TriggerDeps): Handler<'trigger.import'> {
  return async ({ args: { maps, replace } }) => {
    const ids = new Set(maps.map(({ id }) => id));
    if (ids.size < maps.length)
      throw new ProtocolError('bad_args', 'args.maps: two maps have the same id; rename one of them', {
        path: 'args.maps',
      });
    const understood = await triggers.set(maps, replace);
    return { maps: triggers.maps.length, ...told(understood) };
  };
}

/** `trigger.fire`. */
export function triggerFire({ triggers, clock }: TriggerDeps): Handler<'trigger.fire'> {
  return async ({ args: { id, osc, velocity, wait, audio: isHeard, format, play }, at, late, emit }) => {
    const send = ({ pcm, ...part }: HeardPart): void =>
      emit('audio', { ...part, channels: 1, format, pcm: encodePcm(pcm, format) });
    const audio = isHeard || !play ? triggers.audio(play, isHeard ? send : () => undefined) : undefined;
    const fire = { velocity, at: at === null ? null : clock.ofDate(at), wait, audio };
    const played =
      osc === undefined
        ? [await triggers.fire(id!, fire)].filter((hit) => hit !== null)
        : await triggers.fireAddress(osc, fire);
    const hits = played.map((hit) => ({ ...hit, at: clock.dateOf(hit.at) }));
    const worst = hits.reduce((most, hit) => (hit.late > most.late ? hit : most), hits[0]!);
    if (worst !== undefined && worst.late > 0) late(worst.at);
    if (isHeard && hits.length > 0) await audio?.ended;
    return { hits };
  };
}

/** `trigger.stop`. */
export function triggerStop({ triggers }: TriggerDeps): Handler<'trigger.stop'> {
  return ({ args: { voice, id, fade } }) => ({ stopped: triggers.stop({ voice, id }, fade) });
}

/** `pool.info`. */
export function poolInfo({ triggers }: TriggerDeps): Handler<'pool.info'> {
  return ({ args: { id } }) => ({ pools: triggers.pools(id), bytes: triggers.poolBytes, most: triggers.maxPoolBytes });
}
