/** What voices from elsewhere consist of: packages, graphs, fingerprints. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../../engine/errors.ts';
import { checkGraphFile } from '../../engine/onnx/validate-graph.ts';
import { StatisticsError } from '../../evaluation/fad.ts';
import { readFingerprints } from '../../evaluation/fingerprints.ts';
import { VoiceFileError, writeHead } from '../../voices/archive-format.ts';
import { unpackVoice } from '../../voices/unpack.ts';
import { assertShort, bytes, type Parser } from './parser.ts';

const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`../../../models/fixtures/${name}`, import.meta.url))));

const entryOf = (name: string, content: Uint8Array) => ({
  name,
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
});

interface Listed {
  file: string;
  sha256: string;
  bytes: number;
}

/** A voice with graphs of a few bytes: whether they are graphs is another's to say. */
function smallPackage(): Uint8Array {
  const card = JSON.parse(Buffer.from(fixture('tiny/card.json')).toString('utf8')) as {
    graphs: Record<string, Listed>;
  };
  const files: { name: string; content: Uint8Array }[] = [];
  for (const graph of Object.values(card.graphs)) {
    const content = bytes(`of ${graph.file}`);
    files.push({ name: graph.file, content });
    Object.assign(graph, { sha256: entryOf(graph.file, content).sha256, bytes: content.length });
  }
  const all = [{ name: 'card.json', content: bytes(JSON.stringify(card)) }, ...files];
  const head = writeHead({ voice: 'tiny', parts: [all.map(({ name, content }) => entryOf(name, content))] });
  return new Uint8Array(Buffer.concat([head, ...all.map(({ content }) => content)]));
}

/** Bytes that come in one piece of a transport. */
const PIECE = 700;

async function* inPieces(frame: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < frame.length; at += PIECE) yield frame.subarray(at, at + PIECE);
}

export function voicePackage(): Parser {
  return {
    name: 'voice packages',
    frames: [smallPackage()],
    async take(frame) {
      const parent = await mkdtemp(path.join(tmpdir(), 'foleyd-package-'));
      const dir = path.join(parent, 'a', 'voice');
      await mkdir(dir, { recursive: true });
      const quiet = { onManifest: async () => undefined, onProgress: () => undefined };
      const said = await unpackVoice(inPieces(frame), { dir, ...quiet }).then(({ voice }) => voice, refusal);
      const around = [...(await readdir(parent)), ...(await readdir(path.join(parent, 'a')))].join();
      await rm(parent, { recursive: true, force: true });
      if (around !== 'a,voice') throw new Error(`written beside its folder: ${around}`);
      return said;
    },
  };
}

function refusal(error: unknown): string {
  if (!(error instanceof VoiceFileError)) throw error;
  assertShort(error.message);
  return 'refused';
}

/** A graph runs only after this has looked at it. */
export function graph(): Parser {
  return {
    name: 'graphs',
    frames: ['decoder', 'condition', 'vocoder'].map((name) => fixture(`tiny/${name}.onnx`)),
    take(frame) {
      try {
        checkGraphFile(frame);
        return 'read';
      } catch (error) {
        if (error instanceof EngineError && error.code === 'voice_corrupt' && error.message.length < 2000)
          return error.code;
        throw error;
      }
    },
  };
}

/** Of the voice that the fixture is for. */
const CLASSES = 3;

export function fingerprints(): Parser {
  return {
    name: 'fingerprints',
    frames: [fixture('fingerprints/voice.npz')],
    take(frame) {
      try {
        return `${readFingerprints(frame, CLASSES).names.length} names`;
      } catch (error) {
        if (error instanceof StatisticsError) return 'refused';
        throw error;
      }
    },
  };
}
