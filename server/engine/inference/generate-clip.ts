import { joined } from '../../audio/join.ts';
import { GUIDANCE_MAX } from '../../cards/guidance.ts';
import type { EngineEvent, EngineRequest, EngineResult } from '../engine.ts';
import { EngineError } from '../errors.ts';
import { isTimeMajor } from './code-grid.ts';
import { livePartsOf, spanOfPart } from './live-parts.ts';
import type { Followed } from './prior.ts';
import type { OnAudioChunk, RenderOrder } from './renderer.ts';
import type { Voice } from './voice.ts';

/** Parts of an urgent clip that nothing else may delay: from the second on there is time. */
const BEGINNING = 2;

/** Generates one clip: samples its codes (or takes given ones), renders them, and emits events meanwhile. */
export async function generateClip(
  voice: Voice,
  request: EngineRequest,
  on: (event: EngineEvent) => void,
  cancelled: () => boolean,
): Promise<EngineResult> {
  checkRequest(voice, request);
  const begun = performance.now();
  const since = (): number => performance.now() - begun;
  const times = { sampleMs: 0, decodeMs: 0, vocodeMs: 0, firstRowMs: 0, firstPreviewMs: null as number | null };
  const previewAfter = request.previews ? previewsOf(voice) : new Map<number, Part>();
  const previews: Promise<void>[] = [];
  const { rows } = voice.axes;
  const { seed, rate, urgent = false } = request;
  const grain = voice.grain(request.classWeights);
  let known: Uint16Array = new Uint16Array(voice.axes.rows * voice.axes.perRow);

  const render = async (
    codes: Uint16Array,
    part: Partial<Part> & Pick<RenderOrder, 'segment' | 'span'>,
    on?: OnAudioChunk,
  ): Promise<Float32Array> => {
    const rendered = await voice.render({ codes, seed, grain, rate, urgent, ...part }, on);
    times.decodeMs += rendered.decodeMs;
    times.vocodeMs += rendered.vocodeMs;
    return rendered.pcm;
  };

  const preview = async (part: Part): Promise<void> => {
    const pcm = await render(known.slice(), part);
    if (cancelled()) return;
    times.firstPreviewMs ??= since();
    const seconds = part.times === undefined ? {} : { seconds: pcm.length / rate };
    on({ type: 'preview', codebooks: part.codebooks, ...seconds, rate, pcm });
  };

  const sendAudio: OnAudioChunk = (offset, pcm) => {
    if (!cancelled()) on({ type: 'audio', offset, total: voice.card.audio.samples, rate, pcm });
  };
  const onAudioChunk = request.stream === true ? sendAudio : undefined;

  // Rendered while later rows are sampled: parts of the clip in order, each as soon as the codes it depends on are drawn.
  const early = earlyParts(voice, request);
  const parts: Promise<Float32Array>[] = [];
  const release = urgent && early.length > 0 ? voice.hold() : () => undefined;
  const makeParts = (row: number): void => {
    for (const part of early.slice(parts.length)) {
      if (voice.axes.timesAfter(row) < part.times) return;
      const { codes, offset, samples, ...order } = part.order(known);
      const coming = render(codes, order).then((made) => {
        const pcm = made.subarray(0, samples);
        onAudioChunk?.(offset, pcm.slice());
        return pcm;
      });
      // What it fails of, the clip fails of in the end.
      coming.catch(() => undefined);
      if (parts.push(coming) === Math.min(BEGINNING, early.length)) coming.then(release, release);
    }
  };

  const onRow = (row: number, codes: Uint16Array): void => {
    if (row === 0) times.firstRowMs = since();
    known.set(codes, row * codes.length);
    on({ type: 'row', row, rows, codes });
    if (cancelled()) throw new EngineError('cancelled', 'the clip was cancelled');
    makeParts(row);
    const part = previewAfter.get(row);
    if (part === undefined) return;
    // Not waited for: rows go on while it is rendered. What it fails of, the clip fails of in the end.
    const coming = preview(part);
    coming.catch(() => undefined);
    previews.push(coming);
  };

  on({ type: 'started' });
  try {
    if (cancelled()) throw new EngineError('cancelled', 'the clip was cancelled');
    if (request.codes === undefined)
      known = await voice.sampler.sample({ ...request, followed: await toFollow(voice, request), onRow });
    else known = request.codes;
    times.sampleMs = since();
    makeParts(rows - 1);
    const pcm = early.length > 0 ? joined(await Promise.all(parts)) : await render(known, {}, onAudioChunk);
    if (cancelled()) throw new EngineError('cancelled', 'the clip was cancelled');
    await Promise.all(previews);
    return { codes: known, rate, pcm, timings: { ...times, totalMs: since() } };
  } finally {
    release();
    await Promise.allSettled([...previews, ...parts]);
  }
}

/** A part of a clip that can be rendered once so many places in time are known. */
interface EarlyPart {
  times: number;
  order(known: Uint16Array): Pick<RenderOrder, 'codes' | 'segment' | 'span'> & { offset: number; samples?: number };
}

function earlyParts(voice: Voice, { live, rate }: EngineRequest): EarlyPart[] {
  const { card, axes, segments } = voice;
  // Another rate is made of the whole.
  if (rate !== card.audio.rate || segments.length === 0) return [];
  if (live !== true || !isTimeMajor({ perRow: axes.perRow, timeOf: axes.timeOfCodes() }))
    return segments.map(({ begin, times }, segment) => ({
      times,
      order: (known) => ({ codes: known.slice(), segment, offset: begin * card.mel.hop }),
    }));
  const plan = voice.endlessPlan();
  return livePartsOf(plan, axes.rows).map((part) => ({
    times: part.known,
    order: (known) => ({ codes: known.slice(), ...spanOfPart(voice, plan, part) }),
  }));
}

/**
 * What the clip follows: what is given and, beside it, what the voice draws. One that goes on from given codes follows only
 * what it is told to: its course has begun.
 */
async function toFollow(
  voice: Voice,
  { contour, spectrum, density, start, classWeights, seed }: EngineRequest,
): Promise<Followed> {
  const fresh = start === undefined || !start.given.includes(1);
  const drawn = fresh ? await voice.drawFollowed(classWeights, seed) : {};
  const dense =
    density === undefined
      ? undefined
      : await voice.densityContours(density.seed).from(density.frame, classWeights, density.perSecond);
  return { contour: contour ?? dense ?? drawn.contour, spectrum: spectrum ?? drawn.spectrum };
}

/** What a preview is made of: the first codebooks or, of a grid that goes along time, all of them for the first places. */
interface Part {
  codebooks: number;
  times?: number;
}

/** By the row after which each is due. */
function previewsOf({ axes }: Voice): Map<number, Part> {
  const byTime = [...axes.timePreviewRows()].map(
    ([row, times]) => [row, { codebooks: axes.codebooks, times }] as const,
  );
  const byCodebook = [...axes.previewRows()].map(([row, codebooks]) => [row, { codebooks }] as const);
  return new Map<number, Part>(byCodebook.length > 0 ? byCodebook : byTime);
}

/** Throws engine_failed for requests that the voice does not support. */
export function checkRequest(voice: Voice, request: EngineRequest): void {
  const {
    classWeights,
    avoid,
    codes,
    start,
    rate,
    temperature,
    topK,
    topP,
    guidance = 0,
    contour,
    spectrum,
    seed,
  } = request;
  const { classes, latent, mel, prior } = voice.card;
  const wrong = (message: string): never => {
    throw new EngineError('engine_failed', message);
  };
  for (const [name, weights] of Object.entries({ classWeights, avoid })) {
    if (weights === undefined) continue;
    if (weights.length !== classes.length) wrong(`${name}: ${weights.length} weights for ${classes.length} classes`);
    if (!weights.every((weight) => weight >= 0 && weight <= 1)) wrong(`${name}: weights must lie in 0..1`);
    if (Math.abs(weights.reduce((sum, weight) => sum + weight, 0) - 1) > 1e-3) wrong(`${name}: weights must sum to 1`);
  }
  if (codes !== undefined && codes.length !== voice.axes.rows * voice.axes.perRow)
    wrong(`${codes.length} codes for the voice's grid`);
  if (codes?.some((code) => code >= latent.codes)) wrong(`a code is out of range; expected 0 to ${latent.codes - 1}`);
  if (
    start !== undefined &&
    [start.codes, start.given].some(({ length }) => length !== voice.axes.rows * voice.axes.perRow)
  )
    wrong('the codes to start from do not have the size of the grid');
  if (start?.codes.some((code, cell) => start.given[cell] === 1 && code >= latent.codes))
    wrong(`a code to start from is out of range; expected 0 to ${latent.codes - 1}`);
  if (!(Number.isInteger(rate) && rate >= 1000 && rate <= 768_000)) wrong(`sample rate ${rate} Hz is not supported`);
  if (!(temperature >= 0 && Number.isFinite(temperature))) wrong('the temperature must be 0 or more');
  if (!(Number.isInteger(topK) && topK >= 0)) wrong('topK must be a whole number');
  if (!(topP > 0 && topP <= 1)) wrong('topP must lie in 0..1, without 0');
  if (!(guidance >= 0 && guidance <= GUIDANCE_MAX)) wrong(`the guidance must lie in 0..${GUIDANCE_MAX}`);
  if (contour !== undefined && (prior.contour ?? 0) === 0) wrong('the voice does not follow a loudness contour');
  if (contour !== undefined && contour.length !== mel.frames)
    wrong(`${contour.length} levels for ${mel.frames} mel frames`);
  if (contour?.some((level) => !Number.isFinite(level))) wrong('a level of the contour is not a number');
  if (spectrum !== undefined && (prior.spectrum ?? 0) === 0) wrong('the voice does not follow an average spectrum');
  if (spectrum !== undefined && spectrum.length !== prior.spectrum)
    wrong(`${spectrum.length} levels for ${prior.spectrum} mel bins`);
  if (spectrum?.some((level) => !Number.isFinite(level))) wrong('a level of the spectrum is not a number');
  if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)) wrong('the seed must be a uint32');
}
