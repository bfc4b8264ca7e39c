import type { TriggerSource } from '../../protocol/index.ts';
import type { MidiEvent } from './sources.ts';

/** A controller at this value or above is down. */
const DOWN = 64;

/** All sound off (MIDI 1.0, channel mode messages). */
const SOUND_OFF = 120;

/** Whether a map with this source hears what comes on a MIDI channel. */
export function matchesChannel(source: TriggerSource | undefined, channel: number): boolean {
  if (source === undefined || 'osc' in source) return false;
  return source.channel === undefined || source.channel === channel;
}

/** Whether an event is to silence its channel, shots and all. */
export function isSoundOff(event: MidiEvent): boolean {
  return event.type === 'cc' && event.controller === SOUND_OFF;
}

/**
 * What an event does to a map with this source: how hard it hits, 0..1; 0 ends what a gate or a loop holds; null is
 * nothing. `down` are the channels on which the source's controller is down, and is kept up to date here: a controller
 * hits once on its way up, however many values it sends there.
 */
export function velocityOf(source: TriggerSource, event: MidiEvent, down: Set<number>): number | null {
  if (!matchesChannel(source, event.channel)) return null;
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
