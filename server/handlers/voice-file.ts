import path from 'node:path';
import { ProtocolError } from '../../protocol/index.ts';
import type { Handler } from '../dispatch/dispatcher.ts';
import type { Uploads } from '../training/uploads.ts';
import { readChunks } from '../util/read-chunks.ts';
import { refuseUnlessPermissive } from '../voices/licences.ts';
import type { VoiceStore } from '../voices/store.ts';
import type { Catalog } from '../voices/voice.ts';

export interface VoiceFileDeps {
  catalog: Catalog;
  voices: VoiceStore;
  /** Files of voices on their way here in pieces. */
  voiceUploads: Uploads;
  /** Whoever asks before the trainings of earlier runs are known waits. */
  ready: () => Promise<void>;
}

/** The one file of such an upload. */
const UPLOADED = 'voice.foleyvoice';

/** `voice.export`: the file where the transport can carry it, else one piece of it. */
export function voiceExport({ catalog, voices }: VoiceFileDeps): Handler<'voice.export'> {
  return async ({ args, files, signal }) => {
    const voice = await catalog.find(args.voice);
    if (args.permissiveOnly) refuseUnlessPermissive(voice);
    return voices.reading(voice, async (packed) => {
      const { name, bytes, tag } = packed;
      const about = { voice: voice.id, name, size: bytes, tag };
      if (files.deliver !== null) {
        await files.deliver(packed);
        return { ...about, offset: 0, piece: new Uint8Array(0) };
      }
      const end = Math.min(bytes, args.offset + args.length);
      const chunks: Uint8Array[] = [];
      for await (const chunk of packed.read(args.offset, end)) {
        signal.throwIfAborted();
        chunks.push(chunk);
      }
      // Not a Buffer, which JSON would write as one.
      return { ...about, offset: args.offset, piece: new Uint8Array(Buffer.concat(chunks)) };
    });
  };
}

/** `voice.upload`. */
export function voiceUpload({ voiceUploads }: VoiceFileDeps): Handler<'voice.upload'> {
  return async ({ args: { upload, offset, data } }) => {
    return { upload, bytes: await voiceUploads.write(upload, UPLOADED, offset, Buffer.from(data, 'base64')) };
  };
}

/** `voice.import`. */
export function voiceImport({ voices, voiceUploads, ready }: VoiceFileDeps): Handler<'voice.import'> {
  return async ({ args, files, emit, signal }) => {
    await ready();
    const { upload, as } = args;
    if ((files.incoming === null) === (upload === undefined))
      throw new ProtocolError('bad_args', 'args.upload: expected, unless the file is the body of a PUT', {
        path: 'args.upload',
      });
    const source =
      upload === undefined
        ? files.incoming!.chunks
        : readChunks(path.join(await voiceUploads.folder(upload), UPLOADED));
    const tell = (part: 'bytes' | 'tried', done: number, of: number): void =>
      emit('progress', { part, done, of }, true);
    const { voice, bytes } = await voices.bringIn(source, as, tell, signal).catch(async (error: unknown) => {
      // What is no voice will be none the next time; under another name, or with more room, a voice may come in yet.
      const isUseless = error instanceof ProtocolError && (error.code === 'bad_voice' || error.code === 'too_large');
      if (upload !== undefined && isUseless) await voiceUploads.remove(upload);
      throw error;
    });
    if (upload !== undefined) await voiceUploads.remove(upload);
    return { voice: voice.id, name: voice.name, hash: voice.hash, bytes };
  };
}
