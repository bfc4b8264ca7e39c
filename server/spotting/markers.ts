import { isEdl, readEdl } from './edl.ts';
import type { Marker } from './marker.ts';
import { readMarkerSheet } from './marker-sheet.ts';
import type { FrameRate } from './timecode.ts';

/** The markers of a text, an edit list or a sheet, in its order. Throws with line and column, also where there are none. */
export function readMarkers(text: string, rate: Partial<FrameRate>): Marker[] {
  const plain = text.replace(/^\ufeff/, '');
  const found = isEdl(plain) ? readEdl(plain, rate) : readMarkerSheet(plain, rate);
  if (found.length === 0) throw new Error('it has no markers');
  return found;
}
