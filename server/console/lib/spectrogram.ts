import type { MelSpec } from '../../engine/dsp/mel.ts';
import type { MelAsk, MelTold } from './spectrogram.worker.ts';
import MelWorker from './spectrogram.worker.ts?worker';

export type Mel = Omit<MelTold, 'id'>;

const waiting = new Map<number, (mel: Mel) => void>();
let worker: Worker | null = null;
let count = 0;

/** Log-mel of a sound without its first `skipped` frames, computed beside the page so that nothing on it stutters. The samples are given away. */
export function melOf(
  pcm: Float32Array<ArrayBuffer>,
  rate: number,
  spec: Omit<MelSpec, 'rate'> = standard,
  skipped = 0,
): Promise<Mel> {
  if (worker === null) {
    worker = new MelWorker();
    worker.onmessage = ({ data: { id, ...mel } }: MessageEvent<MelTold>) => {
      waiting.get(id)?.(mel);
      waiting.delete(id);
    };
  }
  const id = ++count;
  const ask: MelAsk = { id, pcm, spec: { ...spec, rate, fMax: Math.min(spec.fMax, rate / 2) }, skipped };
  worker.postMessage(ask, [pcm.buffer]);
  return new Promise((resolve) => waiting.set(id, resolve));
}

/** How clips are drawn whose voice is not known here. */
export const standard = { nFft: 1024, hop: 256, bins: 80, fMin: 0, fMax: 8000, floor: 1e-5 };

/** From black over violet and orange to pale yellow: [256][r, g, b], lightness rising all the way. */
const palette = (() => {
  const stops = [
    [8, 9, 14],
    [34, 20, 62],
    [86, 24, 94],
    [146, 38, 98],
    [204, 66, 78],
    [240, 122, 54],
    [250, 188, 88],
    [253, 244, 200],
  ];
  const colours = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (stops.length - 1);
    const from = Math.min(stops.length - 2, Math.floor(place));
    const [r, g, b] = [0, 1, 2].map((k) =>
      Math.round(stops[from]![k]! + (stops[from + 1]![k]! - stops[from]![k]!) * (place - from)),
    );
    colours[i] = (255 << 24) | (b! << 16) | (g! << 8) | r!;
  }
  return colours;
})();

/** Draws a mel one pixel a value, time to the right and low at the bottom; `frames` of the whole where it is a part. */
export function drawMel(canvas: HTMLCanvasElement, mel: Mel, wholeFrames = mel.frames): void {
  const { levels, frames, bins } = mel;
  const width = Math.max(1, wholeFrames);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== bins) canvas.height = bins;
  const paint = canvas.getContext('2d')!;
  const image = paint.createImageData(frames, bins);
  const pixels = new Uint32Array(image.data.buffer);
  for (let bin = 0; bin < bins; bin++) {
    const row = (bins - 1 - bin) * frames;
    for (let at = 0; at < frames; at++) pixels[row + at] = palette[levels[bin * frames + at]!]!;
  }
  paint.putImageData(image, 0, 0);
}
