/** Commands that carry a voice from one server to another as a single file. */
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
  doc: 'Exports a voice as one file: graphs, card, embedder, reference statistics and credits. The same voice gives the same bytes.',
  args: z.strictObject({
    voice: name.optional().describe('voice id').meta({ fallback: 'the active voice' }),
    permissiveOnly: z
      .boolean()
      .default(false)
      .describe('refuse a voice whose card names data under copyleft or unknown licences (`licence_refused`)'),
    offset: size.default(0).describe('first byte of the requested piece, if the file is read in pieces'),
    length: z
      .int()
      .min(0)
      .max(limits.voicePieceBytes)
      .default(1024 * 1024)
      .describe('size of that piece')
      .meta({ unit: 'bytes' }),
  }),
  events: {
    done: z.object({
      voice: z.string().describe('voice id'),
      name: z.string().describe('suggested file name'),
      size: size.describe('of the whole file'),
      tag: z.string().describe('version tag: only pieces with the same tag belong together'),
      offset: size.describe('first byte of the piece'),
      piece: bin('contents, shorter at the end of the file'),
    }),
  },
  http: true,
  file: 'out',
  example: {
    args: { voice: 'mine', offset: 0, length: 8 },
    events: {
      done: {
        voice: 'mine',
        name: 'mine.foleyvoice',
        size: 26_850_211,
        tag,
        offset: 0,
        piece: new Uint8Array([70, 79, 76, 69, 89, 86, 79, 88]),
      },
    },
  },
});

export const voiceUpload = defineCommand({
  name: 'voice.upload',
  role: 'admin',
  doc: 'Uploads a piece of a voice file. Pieces are sent in order; `voice.import` then imports the file.',
  args: z.strictObject({
    upload: folderName.describe('upload name of your choice; the first piece starts the upload'),
    offset: size.default(0).describe('number of bytes uploaded so far; 0 restarts the upload'),
    data: z.base64().max(limits.uploadChunkChars).describe('base64 of the bytes'),
  }),
  events: { done: z.object({ upload: z.string(), bytes: size.describe('bytes uploaded so far') }) },
  http: true,
  example: { args: { upload: 'u1', offset: 0, data: 'Rk9MRVlWT1g=' }, events: { done: { upload: 'u1', bytes: 8 } } },
});

export const voiceImport = defineCommand({
  name: 'voice.import',
  role: 'admin',
  doc: 'Imports a file made by `voice.export`: all hashes are verified, executable content is refused, and a test clip is generated in a separate process before the voice is added.',
  args: z.strictObject({
    upload: folderName.optional().describe('the file uploaded by `voice.upload`; removed after the import').meta({
      fallback: 'the body of a PUT',
    }),
    as: folderName
      .optional()
      .describe('id of the imported voice')
      .meta({ fallback: 'its original id; refused if that is taken' }),
  }),
  events: {
    progress: z.object({
      part: z.enum(['bytes', 'tried']).describe('current stage'),
      done: z.int().min(0).describe('bytes so far; 1 once the test clip is finished'),
      of: z.int().min(0).describe('total number'),
    }),
    done: z.object({
      voice: z.string().describe('id of the imported voice'),
      name: z.string().describe('display name'),
      hash: z.string().describe('SHA-256 of its graphs, hex; the same as on the exporting server'),
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
