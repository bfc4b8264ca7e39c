/** Matches MIDI events with the sources of trigger maps. */
import type { TriggerSource } from '../../protocol/index.ts';
import type { MidiEvent } from './sources.ts';

/** A controller at this value or above is down. */
const DOWN = 64;
const FULL = 127;

/** All sound off (MIDI 1.0, channel mode messages). */
const SOUND_OFF = 120;

/** Whether a map with this source accepts events of a MIDI channel. */
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
 * nothing. `held` has the last value of the source's controller on each channel where it is down, and is updated here: a
 * controller hits once on its way up, however many values it sends. Full value sent again is another press: some pedals
 * and buttons only ever send 127, and a controller that moves does not repeat a value.
 */
export function velocityOf(source: TriggerSource, event: MidiEvent, held: Map<number, number>): number | null {
  if (!matchesChannel(source, event.channel)) return null;
  switch (event.type) {
    case 'note':
      if (!('note' in source) || source.note !== event.note) return null;
      return event.on ? event.velocity / 127 : 0;
    case 'program':
      return 'program' in source && source.program === event.program ? 1 : null;
    // It moves endless sounds, and hits nothing.
    case 'aftertouch':
      return null;
    case 'cc': {
      if (!('cc' in source) || source.cc !== event.controller) return null;
      const before = held.get(event.channel);
      if (event.value < DOWN) return held.delete(event.channel) ? 0 : null;
      held.set(event.channel, event.value);
      return before === undefined || (before === FULL && event.value === FULL) ? event.value / 127 : null;
    }
  }
}
