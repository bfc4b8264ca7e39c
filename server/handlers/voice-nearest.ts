import { ProtocolError } from '../../protocol/index.ts';
import type { Clips } from '../clips/clip.ts';
import type { Handler } from '../dispatch/dispatcher.ts';
import type { NearRecording } from '../evaluation/nearest-recording.ts';
import { readRecording } from '../generation/recording.ts';
import { heardClip } from '../generation/stretch-sound.ts';
import type { Catalog } from '../voices/voice.ts';

export interface NearestDeps {
  catalog: Catalog;
  clips: Clips;
  /** Training recordings of the voice in a folder nearest to a sound, nearest first; null where it has no fingerprints. */
  findNearest(
    voiceDir: string,
    sound: { pcm: Float32Array; rate: number; most: number },
    asker: { client: string; signal: AbortSignal },
  ): Promise<NearRecording[] | null>;
}

/** `voice.nearest`: of a fine-tuned voice, among its own recordings and those of the voice it was made of. */
export function voiceNearest({ catalog, clips, findNearest }: NearestDeps): Handler<'voice.nearest'> {
  return async ({ args, session: { client }, signal }) => {
    const { clip: id, recording: data, recordingRate, recordingFormat, count } = args;
    const clip = id === undefined ? null : await clips.get(id);
    const voice = await catalog.find(args.voice ?? clip?.recipe?.voiceId);
    const { pcm, rate } =
      clip === null
        ? readRecording({ data: data!, rate: recordingRate, format: recordingFormat })
        : decoded(await clips.read(clip.id));
    const sound = { pcm, rate, most: count };
    const found = await Promise.all(voice.models.map(({ dir }) => findNearest(dir, sound, { client, signal })));
    const recordings = found.flatMap((some) => some ?? []);
    if (recordings.length === 0) {
      const message = `voice ${voice.id} has no fingerprints of its recordings: write them with foley-train fingerprints`;
      throw new ProtocolError('no_fingerprints', message);
    }
    recordings.sort((a, b) => b.likeness - a.likeness);
    const memorised = recordings.some(({ likeness, limit }) => likeness > limit);
    return { voice: voice.id, memorised, recordings: recordings.slice(0, count) };
  };
}

function decoded(wav: Uint8Array): { pcm: Float32Array; rate: number } {
  const { base: pcm, rate } = heardClip(wav, {});
  return { pcm, rate };
}
