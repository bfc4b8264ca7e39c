import { resample } from '../audio/resample.ts';
import type { EngineEvent, EngineRequest, EngineResult } from './engine.ts';
import { EngineError } from './errors.ts';
import type { Voice } from './voice.ts';

/** One clip from a request: samples (or takes the given codes), decodes, resamples, and tells about it on the way. */
export async function makeClip(
  voice: Voice,
  request: EngineRequest,
  on: (event: EngineEvent) => void,
  cancelled: () => boolean,
): Promise<EngineResult> {
  check(voice, request);
  const begun = performance.now();
  const since = (): number => performance.now() - begun;
  const times = { sampleMs: 0, decodeMs: 0, vocodeMs: 0, firstRowMs: 0, firstPreviewMs: null as number | null };
  const previewAfter = request.previews ? voice.axes.previewRows() : new Map<number, number>();
  const { rows } = voice.axes;
  let previewing = 0;
  let known: Uint16Array = new Uint16Array(voice.axes.rows * voice.axes.cols);

  const decode = async (codes: Uint16Array, codebooks?: number): Promise<Float32Array> => {
    const decoded = await voice.decode(codes, request.seed, codebooks);
    times.decodeMs += decoded.decodeMs;
    times.vocodeMs += decoded.vocodeMs;
    return await resample(decoded.pcm, voice.card.audio.rate, request.rate);
  };

  const onRow = async (row: number, codes: Uint16Array): Promise<void> => {
    if (row === 0) times.firstRowMs = since();
    known.set(codes, row * codes.length);
    on({ type: 'row', row, rows, codes });
    const codebooks = previewAfter.get(row);
    if (codebooks !== undefined && !cancelled()) {
      const from = since();
      const pcm = await decode(known, codebooks);
      times.firstPreviewMs ??= since();
      on({ type: 'preview', codebooks, rate: request.rate, pcm });
      previewing += since() - from;
    }
    if (cancelled()) throw new EngineError('cancelled', 'the clip was cancelled');
  };

  on({ type: 'started' });
  if (cancelled()) throw new EngineError('cancelled', 'the clip was cancelled');
  if (request.codes === undefined) known = await voice.sampler.sample({ ...request, onRow });
  else known = request.codes;
  times.sampleMs = since() - previewing;
  const pcm = await decode(known);
  return { codes: known, rate: request.rate, pcm, timings: { ...times, totalMs: since() } };
}

function check(voice: Voice, { classWeights, codes, rate, temperature, topK, topP, seed }: EngineRequest): void {
  const { classes, latent, grid } = voice.card;
  const wrong = (message: string): never => {
    throw new EngineError('engine_failed', message);
  };
  if (classWeights.length !== classes.length)
    wrong(`${classWeights.length} class weights for ${classes.length} classes`);
  if (!classWeights.every((weight) => weight >= 0 && weight <= 1)) wrong('class weights must lie in 0..1');
  if (Math.abs(classWeights.reduce((sum, weight) => sum + weight, 0) - 1) > 1e-3) wrong('class weights must sum to 1');
  if (codes !== undefined && codes.length !== grid.rows * grid.cols)
    wrong(`${codes.length} codes for the voice's grid`);
  if (codes?.some((code) => code >= latent.codes)) wrong(`a code is not below ${latent.codes}`);
  if (!(Number.isInteger(rate) && rate >= 1000 && rate <= 768_000)) wrong(`${rate} Hz is no rate`);
  if (!(temperature >= 0 && Number.isFinite(temperature))) wrong('the temperature must be 0 or more');
  if (!(Number.isInteger(topK) && topK >= 0)) wrong('topK must be a whole number');
  if (!(topP > 0 && topP <= 1)) wrong('topP must lie in 0..1, without 0');
  if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)) wrong('the seed must be a uint32');
}
