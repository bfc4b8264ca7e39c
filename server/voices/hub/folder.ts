/** A voice as the folder that model hubs show: its own files, and beside them what people and other programs read. */
import { chmod, mkdir, mkdtemp, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { VoiceFileError } from '../archive-format.ts';
import { licencesOf } from '../licences.ts';
import { isSafeId } from '../names.ts';
import { type PackedVoice, VoicePacker } from '../pack.ts';
import { readVoice } from '../read-voice.ts';
import { unpackVoice } from '../unpack.ts';
import type { Voice } from '../voice.ts';
import { LICENCES, licencesFile, README, readmeOf, SCORES, WEIGHTS } from './readme.ts';
import { safetensors, type Tensor, tensorsOf } from './safetensors.ts';

/**
 * Makes the folder of a file of `voice.export`; it is there when it is whole. Throws VoiceFileError where the file is no
 * voice, or what the source and the disk say.
 */
export async function writeVoiceFolder(
  source: AsyncIterable<Uint8Array>,
  dir: string,
  onProgress: (done: number, of: number) => void,
): Promise<Voice> {
  await mkdir(path.dirname(dir), { recursive: true });
  const incoming = await mkdtemp(`${dir}.part-`);
  try {
    const { voice: id } = await unpackVoice(source, { dir: incoming, onManifest: async () => undefined, onProgress });
    const voice = await readVoice(id, incoming);
    const licences = licencesOf(voice);
    const { scores } = voice.card as { scores?: unknown };
    const texts = {
      [README]: readmeOf(voice, licences),
      [LICENCES]: licencesFile(voice, licences),
      [SCORES]: `${JSON.stringify(scores ?? {}, null, 2)}\n`,
      [WEIGHTS]: await weightsOf(voice),
    };
    for (const [name, content] of Object.entries(texts)) await writeFile(path.join(incoming, name), content);
    await chmod(incoming, 0o755);
    // An empty folder is in the way on some systems; one that is not empty stays, and the renaming fails.
    await rmdir(dir).catch(() => undefined);
    await rename(incoming, dir);
    return readVoice(id, dir);
  } catch (error) {
    await rm(incoming, { recursive: true, force: true });
    throw error;
  }
}

/** The weights of all graphs, under the names of graph and initialiser; those of a voice that is carried along as `base`. */
async function weightsOf(voice: Voice): Promise<Uint8Array> {
  const tensors: Tensor[] = [];
  for (const [part, { dir, card }] of voice.models.entries()) {
    for (const [graph, entry] of Object.entries(card.graphs)) {
      const { file } = entry as { file: string };
      const prefix = [...Array.from({ length: part }, () => 'base'), graph].join('.');
      for (const tensor of tensorsOf(await readFile(path.join(dir, file))))
        tensors.push({ ...tensor, name: `${prefix}.${tensor.name}` });
    }
  }
  return safetensors(tensors, { format: 'foleyd', voice: voice.name, hash: voice.hash });
}

/**
 * Reads such a folder as the file that `voice.import` takes: the card, and the files that it names. Throws
 * VoiceFileError, voice_missing or voice_corrupt.
 */
export async function packVoiceFolder(dir: string, as: string | undefined): Promise<PackedVoice> {
  const id = as ?? path.basename(path.resolve(dir));
  if (!isSafeId(id))
    throw new VoiceFileError(`the folder's name ${JSON.stringify(id)} is not a voice id; give one with --as`);
  return new VoicePacker().pack(await readVoice(id, dir));
}
