/** Weights of ONNX graphs as one safetensors file: what other programs read without a runtime, and without running anything. */
import { type Field, fields, isVarint, part, varints } from '../../util/protobuf.ts';
import { VoiceFileError } from '../archive-format.ts';

/** Of ModelProto, GraphProto and TensorProto (onnx.proto). */
const MODEL_GRAPH = 7;
const GRAPH_INITIALIZER = 5;
const TENSOR = { dims: 1, type: 2, floats: 4, name: 8, raw: 9 };

/** Types of ONNX (TensorProto.DataType) under the names that safetensors has for them, with their bytes. */
const TYPES: Record<number, { dtype: string; bytes: number }> = {
  1: { dtype: 'F32', bytes: 4 },
  2: { dtype: 'U8', bytes: 1 },
  3: { dtype: 'I8', bytes: 1 },
  4: { dtype: 'U16', bytes: 2 },
  5: { dtype: 'I16', bytes: 2 },
  6: { dtype: 'I32', bytes: 4 },
  7: { dtype: 'I64', bytes: 8 },
  9: { dtype: 'BOOL', bytes: 1 },
  10: { dtype: 'F16', bytes: 2 },
  11: { dtype: 'F64', bytes: 8 },
  12: { dtype: 'U32', bytes: 4 },
  13: { dtype: 'U64', bytes: 8 },
  16: { dtype: 'BF16', bytes: 2 },
};
const FLOAT = 1;

export interface Tensor {
  name: string;
  dtype: string;
  shape: number[];
  data: Uint8Array;
}

/** The initialisers of a model, in its order. Throws VoiceFileError where one is not in the file as bytes. */
export function tensorsOf(model: Uint8Array): Tensor[] {
  const graphs = [...fields(model, 0, model.length)].filter(({ number }) => number === MODEL_GRAPH);
  return graphs.flatMap((graph) =>
    [...fields(model, part(graph).begin, graph.end)]
      .filter(({ number }) => number === GRAPH_INITIALIZER)
      .map((field) => tensorOf(model, part(field))),
  );
}

function tensorOf(model: Uint8Array, of: Field): Tensor {
  const bytesOf = ({ begin, end }: Field): Uint8Array => model.subarray(begin, end);
  const shape: number[] = [];
  let [name, type, data]: [string, number, Uint8Array | null] = ['', 0, null];
  for (const field of fields(model, of.begin, of.end)) {
    if (field.number === TENSOR.dims) shape.push(...(isVarint(field) ? [field.value] : varints(model, part(field))));
    else if (field.number === TENSOR.type) type = field.value;
    else if (field.number === TENSOR.name) name = new TextDecoder().decode(bytesOf(part(field)));
    else if (field.number === TENSOR.raw) data = bytesOf(part(field));
    // The same bytes, where they are packed.
    else if (field.number === TENSOR.floats && type === FLOAT) data = bytesOf(part(field));
  }
  const known = TYPES[type];
  if (known === undefined) throw new VoiceFileError(`the tensor ${name} has a type that safetensors lacks (${type})`);
  const size = shape.reduce((product, length) => product * length, known.bytes);
  if ((data ?? new Uint8Array(0)).length !== size)
    throw new VoiceFileError(`the tensor ${name} does not have its ${size} bytes as raw data`);
  return { name, dtype: known.dtype, shape, data: data ?? new Uint8Array(0) };
}

/** A safetensors file: length of the header (uint64, little-endian), the header as JSON, the bytes of all tensors. */
export function safetensors(tensors: readonly Tensor[], metadata: Record<string, string>): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, dtype, shape, data } of tensors) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.length] };
    offset += data.length;
  }
  const json = JSON.stringify(header);
  // Padded, so that the data begins at a multiple of 8.
  const text = Buffer.from(json.padEnd(json.length + ((8 - (Buffer.byteLength(json) % 8)) % 8)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...tensors.map(({ data }) => data)]);
}
