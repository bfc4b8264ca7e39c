import { readFile } from 'node:fs/promises';
import { arch, cpus } from 'node:os';

/**
 * Instruction sets that ONNX Runtime chooses its products by, the widest first: with each, sums are split otherwise, and a
 * clip has other bits. Measured: see the farm's README.
 */
const LEVELS: Readonly<Record<string, readonly string[]>> = {
  x64: ['amx_tile', 'avx512_vnni', 'avx512f', 'avx_vnni', 'avx2', 'avx', 'sse4_1'],
  arm64: ['sve', 'i8mm', 'asimddp', 'asimd'],
};

/** How the processor counts, as `x64-avx2`: from Linux's list of its features, elsewhere its model's name. */
export async function processorClass(): Promise<string> {
  const features = await readFile('/proc/cpuinfo', 'utf8').then(featuresIn, () => null);
  const machine = arch();
  const level = LEVELS[machine]?.find((name) => features?.has(name) === true);
  if (level !== undefined) return `${machine}-${level}`;
  const model = (cpus()[0]?.model ?? 'unknown').trim();
  return `${machine}-${model.replace(/[^A-Za-z0-9]+/g, '_').slice(0, 64)}`;
}

export function featuresIn(cpuinfo: string): ReadonlySet<string> {
  const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(cpuinfo)?.[1] ?? '';
  return new Set(line.split(' '));
}
