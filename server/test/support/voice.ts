import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

const GRAPHS = ['condition', 'row', 'pixel', 'encoder', 'decoder', 'vocoder'];

export const CLASSES = ['DogBark', 'Footstep', 'GunShot', 'Keyboard', 'MovingMotorVehicle', 'Rain', 'Sneeze_Cough'];

/** A voice as far as the catalogue looks: a card and six files in the sizes it states. No engine could load it. */
export async function writeVoice(
  models: string,
  id: string,
  change: Record<string, unknown> = {},
  content = '',
): Promise<string> {
  const dir = path.join(models, id);
  await mkdir(dir, { recursive: true });
  const graphs: Record<string, { file: string; sha256: string; bytes: number }> = {};
  for (const [i, name] of GRAPHS.entries()) {
    const bytes = Buffer.alloc(16 + i, `${content}${name}`);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    graphs[name] = { file: `${name}.onnx`, sha256, bytes: bytes.length };
    await writeFile(path.join(dir, `${name}.onnx`), bytes);
  }
  const hashes = GRAPHS.map((name) => graphs[name]?.sha256).join('\n');
  const card = {
    format: 'foleyd-voice',
    version: 2,
    id,
    name: `Voice ${id}`,
    preset: 'tiny',
    classes: CLASSES.map((name, index) => ({ id: index, name })),
    audio: { rate: 22_050, samples: 2205 },
    // The grid of 8 rows and 6 columns that the scripted engine fills.
    mel: { nFft: 256, hop: 64, bins: 16, fMin: 0, fMax: 8000, frames: 36, floor: 1e-5 },
    latent: { codebooks: 2, codes: 512, frequency: 4, time: 6 },
    grid: { rows: 8, cols: 6, rowAxes: ['codebook', 'frequency'], colAxes: ['time'] },
    prior: {
      channels: 8,
      layers: 1,
      blocks: 1,
      heads: 1,
      headDim: 4,
      kernel: 3,
      conditionDim: 4,
      conditionRows: [0],
    },
    vocoder: { reach: 1 },
    graphs,
    hash: createHash('sha256').update(hashes).digest('hex'),
    ...change,
  };
  await writeFile(path.join(dir, 'card.json'), JSON.stringify(card));
  return dir;
}

/** A voice, in its folder, with another name for one of its classes. */
export function renameClass(dir: string, from: string, to: string): void {
  const file = path.join(dir, 'card.json');
  const card = JSON.parse(readFileSync(file, 'utf8')) as { id: string; classes: { id: number; name: string }[] };
  const classes = card.classes.map((one) => (one.name === from ? { ...one, name: to } : one));
  writeFileSync(file, JSON.stringify({ ...card, id: path.basename(dir), classes }));
}
