import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  type ContentBlock,
  ErrorCode,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import type { ArgsInput } from '../../../protocol/index.ts';
import { version } from '../../util/version.ts';
import { toCliError } from '../errors.ts';
import type { Session } from '../session.ts';
import type { Tool } from './tools.ts';

export interface McpServerOptions {
  /** Opens a connection; again when that was lost. */
  open(): Promise<Session>;
  tools: readonly Tool[];
  /** Whether answers carry the sound itself, beside links to it. */
  audio: boolean;
}

/** A clip that a command tells of. */
interface Named {
  clip: string;
  url?: string;
  path?: string;
}

const WAV = 'audio/wav';
/** Saved clips that a list of resources has, newest first. */
const LISTED = 50;
const INSTRUCTIONS = `foleyd makes Foley: short recordings of things that were never recorded. voice_info names the classes of
sound that the active voice can generate; foley_generate makes clips of a class, foley_vary changes one a little, clip_list finds saved
ones. Clips are WAV files: "path" is the file on the server's machine, and the resource foleyd://clips/ID is its contents. The
same arguments with the same seed give the same clip.`;

/** Serves the commands of foleyd as tools, and saved clips as resources. */
export function createMcpServer({ open, tools, audio }: McpServerOptions): Server {
  const capabilities = { tools: {}, resources: {} };
  const server = new Server({ name: 'foleyd', version }, { capabilities, instructions: INSTRUCTIONS });
  let session: Promise<Session> | null = null;
  /** What it did with a connection; one that was lost is opened again by the next request. */
  const using = async <T>(use: (session: Session) => Promise<T>): Promise<T> => {
    session ??= open();
    const opened = session;
    try {
      return await use(await opened);
    } catch (thrown) {
      if (session === opened && (await isGone(opened, thrown))) session = null;
      throw thrown;
    }
  };
  server.onclose = () => {
    session?.then((one) => one.close()).catch(() => undefined);
  };

  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: tools.map(({ name, description, inputSchema, annotations }) => ({
      name,
      description,
      inputSchema,
      annotations,
    })),
  }));

  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal, sendNotification }) => {
    const tool = tools.find(({ name }) => name === params.name);
    if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, `there is no tool ${params.name}`);
    const progressToken = params._meta?.progressToken;
    let progress = 0;
    const sent: ContentBlock[] = [];
    const onEvent = (event: string, data: Record<string, unknown>): void => {
      // A batch answers with a file at a time.
      sent.push(...withoutBytes(data).files);
      if (progressToken === undefined) return;
      const message = inWords(event, data);
      // Whoever has left is told nothing.
      sendNotification({
        method: 'notifications/progress',
        params: { progressToken, progress: ++progress, message },
      }).catch(() => undefined);
    };
    try {
      return await using(async (session): Promise<CallToolResult> => {
        const args = { ...params.arguments, ...tool.fixed } as ArgsInput<typeof tool.command>;
        const { data, files } = withoutBytes(await session.call(tool.command, args, onEvent, signal));
        return {
          content: [
            { type: 'text', text: JSON.stringify(data) },
            ...[...sent, ...files],
            ...(await soundOf(session, data, audio)),
          ],
          structuredContent: data,
        };
      });
    } catch (thrown) {
      const { code, message } = toCliError(thrown);
      return { isError: true, content: [{ type: 'text', text: `${code}: ${message}` }] };
    }
  });

  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [
      { name: 'clip', uriTemplate: `${address('')}{id}`, description: 'a saved clip, by its id', mimeType: WAV },
    ],
  }));

  server.setRequestHandler(ListResourcesRequestSchema, async () => {
    const { clips } = await using((session) => session.call('clip.list', { limit: LISTED }));
    return {
      resources: clips.map(({ clip, name }) => ({
        uri: address(clip),
        name: name === '' ? clip : name,
        mimeType: WAV,
      })),
    };
  });

  server.setRequestHandler(ReadResourceRequestSchema, async ({ params: { uri } }) => {
    const clip = uri.startsWith(address('')) ? uri.slice(address('').length) : '';
    if (!/^\w+$/.test(clip))
      throw new McpError(ErrorCode.InvalidParams, `expected a resource like ${address('9f2c4e5d6a7b8190')}`);
    const bytes = await using(async (session) => {
      const found = await session.call('clip.get', { clip });
      return session.clip(found.clip);
    }).catch((thrown) => {
      const { code, message } = toCliError(thrown);
      throw new McpError(ErrorCode.InvalidParams, `${code}: ${message}`);
    });
    return { contents: [{ uri, mimeType: WAV, blob: Buffer.from(bytes).toString('base64') }] };
  });

  return server;
}

/** @param clip its id */
const address = (clip: string): string => `foleyd://clips/${clip}`;

/** Links to the clips that a command saved, and their sound where it is wanted. */
async function soundOf(session: Session, { clips }: Record<string, unknown>, audio: boolean): Promise<ContentBlock[]> {
  const saved = (Array.isArray(clips) ? (clips as Partial<Named>[]) : []).filter(isSaved);
  const links = saved.map(
    ({ clip }): ContentBlock => ({ type: 'resource_link', uri: address(clip), name: clip, mimeType: WAV }),
  );
  if (!audio) return links;
  const sounds: ContentBlock[] = [];
  for (const clip of saved) sounds.push(sound(await session.clip(clip)));
  return [...links, ...sounds];
}

const isSaved = (clip: Partial<Named>): clip is Named => clip.clip !== undefined && clip.url !== undefined;

/** What a command tells, and the files that are within. Other bytes, as pieces of sound, are left out. */
function withoutBytes(told: Record<string, unknown>): { data: Record<string, unknown>; files: ContentBlock[] } {
  const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;
  return {
    data: Object.fromEntries(Object.entries(told).filter(([, value]) => !isBytes(value))),
    files: Object.values(told).filter(isBytes).filter(isAudioFile).map(sound),
  };
}

const beginning = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, 4)).toString('latin1');

const isAudioFile = (bytes: Uint8Array): boolean => ['RIFF', 'fLaC'].includes(beginning(bytes));

function sound(bytes: Uint8Array): ContentBlock {
  const mimeType = beginning(bytes) === 'fLaC' ? 'audio/flac' : WAV;
  return { type: 'audio', data: Buffer.from(bytes).toString('base64'), mimeType };
}

/** An event for people: `row 12 of 40`. */
function inWords(event: string, data: Record<string, unknown>): string {
  const { row, rows, done, of, step, steps } = data;
  if (typeof row === 'number' && typeof rows === 'number') return `${event} ${row + 1} of ${rows}`;
  if (typeof done === 'number' && typeof of === 'number') return `${event} ${done} of ${of}`;
  if (typeof step === 'number' && typeof steps === 'number') return `${event} ${step} of ${steps}`;
  return event;
}

/** Whether a connection did not come about, or was lost. */
async function isGone(opened: Promise<Session>, thrown: unknown): Promise<boolean> {
  if (toCliError(thrown).code === 'connection_closed') return true;
  return opened.then(
    () => false,
    () => true,
  );
}
