import { bundledProvidersInProcess, chooseProvider } from '../../engine/onnx/provider.ts';
import { type Finding, fail, ok } from './check.ts';

/** Which execution providers of onnxruntime work here, tried one at a time, and which one decoder and vocoder run on. */
export async function providers(wanted: string): Promise<Finding> {
  const bundled = await bundledProvidersInProcess();
  const tried: Record<string, string> = {};
  for (const name of new Set(['cpu', ...bundled, ...(wanted === 'auto' ? [] : [wanted])])) {
    const { provider, problems } = await chooseProvider(name, bundled);
    tried[name] = provider === name ? 'works' : `does not work (${problems[name]})`;
  }
  const { provider: active } = await chooseProvider(wanted, bundled, async (name) =>
    tried[name] === 'works' ? null : 'no',
  );
  const all = Object.entries(tried).map(([name, said]) => `${name}${name === active ? ' (active)' : ''} ${said}`);
  const detail = all.join('; ');
  const met = wanted === 'auto' || wanted === active;
  return met ? ok(detail, { active, tried }) : fail('engine_unavailable', `${wanted} does not work here: ${detail}`);
}
