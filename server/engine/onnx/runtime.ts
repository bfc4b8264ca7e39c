/** The only file that knows onnxruntime-node. */
import './no-telemetry.ts';

import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import type { CardFile } from '../../cards/card-file.ts';
import type { GraphName } from '../../cards/graph-names.ts';
import type { VoiceCard } from '../../cards/voice-card.ts';
import { ShortageError, shortageSaid, throwShortage } from '../../util/shortage.ts';
import { EngineError } from '../errors.ts';
import { checkGraphFile } from './validate-graph.ts';

export const ortVersion: string = createRequire(import.meta.url)('onnxruntime-node/package.json').version;

/** Names of the execution providers inside the installed package; whether one works is seen when it is used. */
export function bundledProviders(): string[] {
  return ort.listSupportedBackends().map(({ name }) => name);
}

/** Whether a provider can open the graph in `file`: null, or the runtime's reason. It may end the process: ask a child. */
export async function tryProvider(name: string, file: string): Promise<{ problem: string | null }> {
  try {
    const session = await ort.InferenceSession.create(file, { executionProviders: [name], logSeverityLevel: 4 });
    await session.release();
    return { problem: null };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

export type Feeds = Record<string, ort.Tensor>;
export type Outputs = ort.InferenceSession.OnnxValueMapType;

/** The array is not copied: what is written to it later is what the next run sees. */
export function floats(data: Float32Array, dims: number[]): ort.Tensor {
  return new ort.Tensor('float32', data, dims);
}

export function integers(data: BigInt64Array, dims: number[]): ort.Tensor {
  return new ort.Tensor('int64', data, dims);
}

/** A float32 output's data. */
export function read(outputs: Outputs, name: string): Float32Array {
  const value = outputs[name];
  if (!(value instanceof ort.Tensor) || !(value.data instanceof Float32Array))
    throw new EngineError('engine_failed', `the graph has no float32 output ${name}`);
  return value.data;
}

/** An int64 output's data. */
export function readIntegers(outputs: Outputs, name: string): BigInt64Array {
  const value = outputs[name];
  if (!(value instanceof ort.Tensor) || !(value.data instanceof BigInt64Array))
    throw new EngineError('engine_failed', `the graph has no int64 output ${name}`);
  return value.data;
}

/** Where a graph runs. */
export interface Execution {
  provider: string;
  threads: number;
}

export class Graph {
  readonly #session: ort.InferenceSession;

  private constructor(session: ort.InferenceSession) {
    this.#session = session;
  }

  /** Reads one of a voice's graphs as `read` does. */
  static async open(voiceDir: string, card: VoiceCard, name: GraphName, on: Execution): Promise<Graph> {
    const described = card.graphs[name];
    if (described === undefined) throw new EngineError('voice_corrupt', `the card has no ${name} graph`);
    return Graph.read(voiceDir, described, on);
  }

  /** Reads a graph, compares its SHA-256 with the card's, and makes a session. Throws voice_missing or voice_corrupt. */
  static async read(voiceDir: string, { file, sha256, bytes: size }: CardFile, on: Execution): Promise<Graph> {
    let bytes: Buffer | null = null;
    try {
      const place = path.join(voiceDir, file);
      // A file of another size is not even read: it may be endless.
      if ((await stat(place)).size === size) bytes = await readFile(place);
    } catch (error) {
      throwShortage(error, `${file} of the voice could not be read`);
      throw new EngineError('voice_missing', `${file} of the voice is missing`, { cause: error });
    }
    if (bytes === null || createHash('sha256').update(bytes).digest('hex') !== sha256)
      throw new EngineError('voice_corrupt', `${file} is not the file that the voice's card describes`);
    try {
      // Weights in other files would be looked for wherever the process happens to be.
      checkGraphFile(bytes);
      return new Graph(await ort.InferenceSession.create(bytes, sessionOptions(on)));
    } catch (error) {
      const { message } = error as Error;
      const short = shortageSaid(message);
      if (short !== null)
        throw new ShortageError(`${file} of the voice could not be loaded: ${short}`, { cause: error });
      throw new EngineError('voice_corrupt', `${file} is not a usable graph: ${message}`, { cause: error });
    }
  }

  /** Whether it has an input of this name. */
  wants(input: string): boolean {
    return this.#session.inputNames.includes(input);
  }

  /** Whether an axis of an input may have any length. */
  isFree(input: string, axis: number): boolean {
    const known = this.#session.inputMetadata.find(({ name }) => name === input);
    return known?.isTensor === true && typeof known.shape[axis] === 'string';
  }

  async run(feeds: Feeds): Promise<Outputs> {
    return await this.#session.run(feeds);
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

function sessionOptions({ provider, threads }: Execution): ort.InferenceSession.SessionOptions {
  return {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    // Several sessions take turns on the same cores: a pool that spins for long starves the one that works.
    extra: { session: { intra_op: { spin_duration_us: '100' } } },
  };
}
