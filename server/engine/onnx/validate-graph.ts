import { BrokenMessageError, type Field, fields, part } from '../../util/protobuf.ts';
import { EngineError } from '../errors.ts';

/**
 * What a voice's graph may be: an ONNX model (onnx.proto, ModelProto) whose operators are all of ai.onnx, whose weights
 * are all in the file, and whose running comes to an end by itself. Read field by field, without trusting any length.
 */

/** Subgraphs inside subgraphs; a voice has one level at most. */
const MAX_DEPTH = 8;
/** They go on for as long as their graph says. */
const ENDLESS = new Set(['Loop', 'Scan', 'SequenceMap']);
const OWN_DOMAINS = new Set(['', 'ai.onnx']);

/** Of ModelProto; any other is of a format or version that nobody has looked at. */
const MODEL = { ir: 1, producer: 2, producerVersion: 3, domain: 4, version: 5, doc: 6, graph: 7, opset: 8, meta: 14 };
const GRAPH = { node: 1, initializer: 5, sparse: 15 };
const NODE = { op: 4, attribute: 5, domain: 7 };
const ATTRIBUTE = { tensor: 5, graph: 6, tensors: 10, graphs: 11, sparse: 22, sparses: 23 };
const TENSOR = { external: 13, location: 14 };
const SPARSE = { values: 1, indices: 2 };

const VARINT = 0;

/** Throws voice_corrupt, which says what a voice may not have. */
export function checkGraphFile(bytes: Uint8Array): void {
  try {
    checkModel(bytes);
  } catch (error) {
    if (!(error instanceof BrokenMessageError)) throw error;
    throw new EngineError('voice_corrupt', 'it is not an ONNX model', { cause: error });
  }
}

function checkModel(bytes: Uint8Array): void {
  let graphs = 0;
  for (const field of fields(bytes, 0, bytes.length)) {
    if (!Object.values(MODEL).includes(field.number)) throw refused(`a model with field ${field.number}`);
    if (field.number === MODEL.opset) checkOpset(bytes, part(field));
    if (field.number !== MODEL.graph) continue;
    graphs += 1;
    checkGraph(bytes, part(field), 0);
  }
  if (graphs === 0) throw refused('a file without a graph');
}

function checkOpset(bytes: Uint8Array, of: Field): void {
  for (const field of fields(bytes, of.begin, of.end)) {
    if (field.number === 1 && !OWN_DOMAINS.has(text(bytes, part(field)))) {
      throw refused(`operators of ${text(bytes, field)}`);
    }
  }
}

function checkGraph(bytes: Uint8Array, of: Field, depth: number): void {
  if (depth > MAX_DEPTH) throw refused(`${depth} nested graphs`);
  for (const field of fields(bytes, of.begin, of.end)) {
    if (field.number === GRAPH.node) checkNode(bytes, part(field), depth);
    else if (field.number === GRAPH.initializer) checkTensor(bytes, part(field));
    else if (field.number === GRAPH.sparse) checkSparse(bytes, part(field));
  }
}

function checkNode(bytes: Uint8Array, of: Field, depth: number): void {
  for (const field of fields(bytes, of.begin, of.end)) {
    if (field.number === NODE.domain && !OWN_DOMAINS.has(text(bytes, part(field)))) {
      throw refused(`an operator of ${text(bytes, field)}`);
    }
    if (field.number === NODE.op && ENDLESS.has(text(bytes, part(field)))) throw refused(`a ${text(bytes, field)}`);
    if (field.number === NODE.attribute) checkAttribute(bytes, part(field), depth);
  }
}

function checkAttribute(bytes: Uint8Array, of: Field, depth: number): void {
  for (const field of fields(bytes, of.begin, of.end)) {
    const { number } = field;
    if (number === ATTRIBUTE.tensor || number === ATTRIBUTE.tensors) checkTensor(bytes, part(field));
    else if (number === ATTRIBUTE.sparse || number === ATTRIBUTE.sparses) checkSparse(bytes, part(field));
    else if (number === ATTRIBUTE.graph || number === ATTRIBUTE.graphs) checkGraph(bytes, part(field), depth + 1);
  }
}

function checkSparse(bytes: Uint8Array, of: Field): void {
  for (const field of fields(bytes, of.begin, of.end)) {
    if (field.number === SPARSE.values || field.number === SPARSE.indices) checkTensor(bytes, part(field));
  }
}

function checkTensor(bytes: Uint8Array, of: Field): void {
  for (const { number, wire, value } of fields(bytes, of.begin, of.end)) {
    const isOutside = number === TENSOR.location && (wire !== VARINT || value !== 0);
    if (number === TENSOR.external || isOutside) throw refused('weights in another file');
  }
}

function text(bytes: Uint8Array, { begin, end }: Field): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + begin, Math.min(end - begin, 100)).toString('latin1');
}

function refused(what: string): EngineError {
  return new EngineError('voice_corrupt', `a voice must not contain ${what}`);
}
