import { z } from 'zod';
import { limits } from '../limits.ts';
import { bin, defineCommand } from './define.ts';
import { folderName, name } from './fields.ts';

const size = z.int().min(0).meta({ unit: 'bytes' });
const tag = '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b';

// Of the admin role, the way out too: a voice is weights learned from recordings, and who may play it need not have it.

export const voiceExport = defineCommand({
  name: 'voice.export',
  role: 'admin',
  doc: 'Gives a voice as one file: graphs, card, embedder, reference statistics and credits. The same voice is the same bytes.',
  args: z.strictObject({
    voice: name.optional().describe('voice id').meta({ fallback: 'the active voice' }),
    offset: size.default(0).describe('first byte of the piece that is wanted, where the file comes in pieces'),
    length: z
      .int()
      .min(0)
      .max(limits.voicePieceBytes)
      .default(1024 * 1024)
      .describe('bytes of that piece')
      .meta({ unit: 'bytes' }),
  }),
  events: {
    done: z.object({
      voice: z.string().describe('voice id'),
      name: z.string().describe('what the file may be called'),
      size: size.describe('of the whole file'),
      tag: z.string().describe('what the file is: pieces of one tag belong together'),
      offset: size.describe('where the piece begins'),
      piece: bin('its bytes, fewer at the end of the file'),
    }),
  },
  http: true,
  file: 'out',
  example: {
    args: { voice: 'mine', offset: 0, length: 8 },
    events: {
      done: {
        ...{ voice: 'mine', name: 'mine.foleyvoice', size: 26_850_211, tag, offset: 0 },
        piece: new Uint8Array([70, 79, 76, 69, 89, 86, 79, 88]),
      },
    },
  },
});

export const voiceUpload = defineCommand({
  name: 'voice.upload',
  role: 'admin',
  doc: 'Takes a piece of the file of a voice. They come in order; `voice.import` makes a voice of them.',
  args: z.strictObject({
    upload: folderName.describe('a name of your own for this file; the first piece begins it'),
    offset: size.default(0).describe('as many bytes as are here; 0 begins the file anew'),
    data: z.base64().max(limits.uploadChunkChars).describe('base64 of the bytes'),
  }),
  events: { done: z.object({ upload: z.string(), bytes: size.describe('of the file that are here now') }) },
  http: true,
  example: { args: { upload: 'u1', offset: 0, data: 'Rk9MRVlWT1g=' }, events: { done: { upload: 'u1', bytes: 8 } } },
});

export const voiceImport = defineCommand({
  name: 'voice.import',
  role: 'admin',
  doc: 'Makes a voice of a file that `voice.export` gave: every hash is compared, what could execute is refused, and a clip is made in a process of its own, before it is there.',
  args: z.strictObject({
    upload: folderName.optional().describe('the file, brought by `voice.upload`; gone once the voice is there').meta({
      fallback: 'the body of a PUT',
    }),
    as: folderName
      .optional()
      .describe('id it gets here')
      .meta({ fallback: 'the id it had; refused where that is taken' }),
  }),
  events: {
    progress: z.object({
      part: z.enum(['bytes', 'tried']).describe('what is going on'),
      done: z.int().min(0).describe('bytes so far; 1 once a clip was made'),
      of: z.int().min(0).describe('how many there will be'),
    }),
    done: z.object({
      voice: z.string().describe('voice id here'),
      name: z.string().describe('name for people'),
      hash: z.string().describe('SHA-256 over its graphs, hex: as it was where it came from'),
      bytes: size.describe('of the file'),
    }),
  },
  http: true,
  file: 'in',
  example: {
    args: { upload: 'u1', as: 'roosters' },
    events: {
      progress: { part: 'bytes', done: 1_048_576, of: 26_850_211 },
      done: { voice: 'roosters', name: 'My roosters', hash: tag, bytes: 26_850_211 },
    },
  },
});
