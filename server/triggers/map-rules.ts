/** What may be mapped, and what a change of a map touches. */
import { limits, ProtocolError, type TriggerMap } from '../../protocol/index.ts';

/** Throws bad_args for more maps, or more clips kept ready, than are allowed. */
export function refuseTooMany(maps: readonly TriggerMap[]): void {
  const ready = maps.reduce((sum, map) => sum + map.ready, 0);
  if (maps.length > limits.maps)
    throw new ProtocolError('bad_args', `at most ${limits.maps} maps are allowed; remove one with trigger.unmap`);
  if (ready <= limits.poolTotal) return;
  const message = `args.ready: ${ready} clips would be kept ready by all maps; the limit is ${limits.poolTotal}: lower ready, here or in other maps`;
  throw new ProtocolError('bad_args', message, { path: 'args.ready' });
}

/** Whether the clips of one are what the other plays. */
export function playsTheSame(a: TriggerMap, b: TriggerMap): boolean {
  const clips = ({ class: label, voice, ready, reuse, ...map }: TriggerMap): string => {
    const { temperature, softTemperature, guidance, avoid, density, candidates } = map;
    const drawn = [temperature, softTemperature, guidance, avoid, density, candidates];
    return JSON.stringify([label, voice, ...drawn, ready, reuse]);
  };
  return clips(a) === clips(b);
}

/** Whether what ends the sounds of one does not end those of the other. */
export function isHeldOtherwise(a: TriggerMap, b: TriggerMap): boolean {
  return a.mode !== b.mode || JSON.stringify(a.source) !== JSON.stringify(b.source);
}
