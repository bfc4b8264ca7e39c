import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { encodeWav } from '../../audio/wav.ts';

/** Recordings that die away, no two alike, as WAVs in a folder per class; a class is a base pitch in Hz. */
export function writeSounds(root: string, classes: Record<string, number>, each: number): string {
  for (const [label, pitch] of Object.entries(classes)) {
    mkdirSync(path.join(root, label), { recursive: true });
    for (let i = 0; i < each; i++)
      writeFileSync(path.join(root, label, `take${i}.wav`), encodeWav(sound(pitch * (1 + i / 7)), 22_050, 's16'));
  }
  return root;
}

/** 0.8 s. */
export function sound(hz: number): Float32Array {
  return Float32Array.from({ length: 17_640 }, (_, t) => {
    return 0.5 * Math.sin((2 * Math.PI * hz * t) / 22_050) * Math.exp((-4 * t) / 22_050);
  });
}
