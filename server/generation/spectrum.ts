import type { SpectrumArg } from '../../protocol/index.ts';
import type { Clips } from '../clips/clip.ts';
import { binCentres } from '../engine/dsp/mel.ts';
import { averageSpectrum, belowStrongest } from '../engine/dsp/spectrum.ts';
import type { Voice } from '../voices/voice.ts';
import { soundOfClip, specOf } from './followed.ts';

/**
 * A spectrum that says everything itself: that of a clip is put in the place of its id, a point for each mel bin, so that
 * what follows it can be made again when the clip is gone. Throws unknown_clip, io_error or bad_args.
 */
export async function spelledOutSpectrum(
  { clip, points }: SpectrumArg,
  voice: Voice,
  clips: Clips,
): Promise<SpectrumArg> {
  if (clip === undefined) return { points };
  const spec = specOf(voice);
  const levels = averageSpectrum(await soundOfClip(clip, 'spectrum', spec, clips), spec);
  const tenths = (x: number): number => Math.round(x * 10) / 10;
  return { points: binCentres(spec).map((hz, bin) => ({ hz: tenths(hz), level: tenths(levels[bin]!) })) };
}

/** The level in dB of every mel bin of a spectrum that is spelled out, the strongest 0. */
export function spectrumLevels({ points = [] }: SpectrumArg, voice: Voice): Float32Array {
  return belowStrongest(Float32Array.from(binCentres(specOf(voice)), (hz) => levelAt(points, hz)));
}

function levelAt(points: NonNullable<SpectrumArg['points']>, hz: number): number {
  const next = points.findIndex((point) => point.hz > hz);
  if (next === 0) return points[0]!.level;
  const { hz: from, level } = points.at(next < 0 ? -1 : next - 1)!;
  if (next < 0) return level;
  const { hz: to, level: higher } = points[next]!;
  return level + ((higher - level) * Math.log(hz / from)) / Math.log(to / from);
}
