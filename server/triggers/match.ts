import type { TriggerSource } from '../../protocol/index.ts';
import type { MidiEvent } from './sources.ts';

/** A controller at this value or above is down. */
const DOWN = 64;

/**
 * What an event does to a map with this source: how hard it hits, 0..1; 0 ends what a gate or a loop holds; null is
 * nothing. `down` are the channels on which the source's controller is down, and is kept up to date here: a controller
 * hits once on its way up, however many values it sends there.
 */
export function struck(source: TriggerSource, event: MidiEvent, down: Set<number>): number | null {
  if ('osc' in source || (source.channel !== undefined && source.channel !== event.channel)) return null;
  switch (event.type) {
    case 'note':
      if (!('note' in source) || source.note !== event.note) return null;
      return event.on ? event.velocity / 127 : 0;
    case 'program':
      return 'program' in source && source.program === event.program ? 1 : null;
    case 'cc': {
      if (!('cc' in source) || source.cc !== event.controller) return null;
      const isDown = event.value >= DOWN;
      if (isDown === down.has(event.channel)) return null;
      if (isDown) down.add(event.channel);
      else down.delete(event.channel);
      return isDown ? event.value / 127 : 0;
    }
  }
}
