import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { findPython } from '../../../scripts/python.mjs';
import { voiceDir } from '../../engine/fixtures.ts';
import { VoiceFileError } from '../archive-format.ts';
import { safetensors, tensorsOf } from './safetensors.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'foleyd-safetensors-'));
after(() => rmSync(folder, { recursive: true }));

const found = await findPython();
const [python = '', ...first] = 'command' in found ? found.command : [];
const has =
  python !== '' && spawnSync(python, [...first, '-c', 'import safetensors, onnx'], { stdio: 'ignore' }).status === 0;
const skip = has ? false : 'Python with safetensors and onnx is not installed';

test("the weights of every graph are those that the authors' own readers find", { skip }, () => {
  const dir = voiceDir('tiny-stacked');
  const graphs = readdirSync(dir).filter((name) => name.endsWith('.onnx'));
  const tensors = graphs.flatMap((name) =>
    tensorsOf(readFileSync(path.join(dir, name))).map((one) => ({ ...one, name: `${name}.${one.name}` })),
  );
  const file = path.join(folder, 'model.safetensors');
  writeFileSync(file, safetensors(tensors, { format: 'foleyd' }));
  const program = `
import sys, pathlib, numpy, onnx, onnx.numpy_helper
from safetensors import safe_open
file, dir = sys.argv[1], pathlib.Path(sys.argv[2])
with safe_open(file, "np") as weights:
    assert weights.metadata() == {"format": "foleyd"}
    names = set(weights.keys())
    for graph in sorted(dir.glob("*.onnx")):
        for tensor in onnx.load(graph).graph.initializer:
            name = graph.name + "." + tensor.name
            assert numpy.array_equal(onnx.numpy_helper.to_array(tensor), weights.get_tensor(name)), name
            names.remove(name)
    assert not names, names
print("equal")`;
  const { stdout, stderr } = spawnSync(python, [...first, '-c', program, file, dir], { encoding: 'utf8' });
  assert.equal(stdout.trim(), 'equal', stderr);
});

test('the header says where the bytes of each tensor are, and the data begins at a multiple of 8', () => {
  const file = Buffer.from(
    safetensors(
      [
        { name: 'a', dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) },
        { name: 'b', dtype: 'U8', shape: [], data: Uint8Array.of(9) },
      ],
      {},
    ),
  );
  const length = Number(file.readBigUInt64LE());
  assert.equal((8 + length) % 8, 0);
  const header = JSON.parse(file.toString('utf8', 8, 8 + length));
  assert.deepEqual(header.a, { dtype: 'U8', shape: [3], data_offsets: [0, 3] });
  assert.deepEqual(header.b, { dtype: 'U8', shape: [], data_offsets: [3, 4] });
  assert.deepEqual([...file.subarray(8 + length)], [1, 2, 3, 9]);
});

test('a tensor whose bytes are not in the file is refused', () => {
  // A model whose graph has one initialiser: three floats are announced, and none is there.
  const tensor = [0x08, 3, 0x10, 1, 0x42, 1, 0x77];
  const graph = [0x2a, tensor.length, ...tensor];
  assert.throws(() => tensorsOf(Uint8Array.of(0x3a, graph.length, ...graph)), VoiceFileError);
});
