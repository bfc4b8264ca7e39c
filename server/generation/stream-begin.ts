import { randomInt } from 'node:crypto';
import { limits, ProtocolError } from '../../protocol/index.ts';
import type { Clips } from '../clips/clip.ts';
import { isTimeMajor } from '../engine/inference/code-grid.ts';
import { fadeOf } from '../engine/inference/cut-place.ts';
import { newId } from '../util/new-id.ts';
import type { Catalog, Voice } from '../voices/voice.ts';
import { resolveClass } from './class-weights.ts';
import { gridOf } from './code-grid.ts';
import { spelledOut } from './envelope.ts';
import { checkDensity, checkFollows } from './followed.ts';
import type { SetArgs, StartArgs, Stream } from './stream.ts';
import { costOf } from './stream-change.ts';
import { checkControls } from './stream-controls.ts';
import { modelOf, orderOf, voiceClassOf } from './voice-class.ts';

/**
 * Resolves the request of a stream, before anything is generated. Throws bad_args, not_streamable, unknown_voice or
 * unknown_class.
 */
export async function beginStream(given: StartArgs, catalog: Catalog, clips: Clips): Promise<Stream> {
  checkArgs(given);
  const voice = await catalog.find(given.voice);
  const args = await spelled(given, voice, clips);
  for (const [i, { class: other }] of args.controls.entries())
    if (other !== undefined) resolveClass(voice, other, `args.controls.${i}.class`);
  const voiceClass = voiceClassOf(voice, args);
  const { voiceDir } = orderOf(voiceClass);
  checkStreamable(voice, voiceDir);
  checkFrames(args, voice);
  if (args.envelope !== undefined || args.changes.some(({ envelope }) => envelope !== undefined))
    checkFollows(voice, orderOf(voiceClass), 'envelope');
  checkDensity(voice, orderOf(voiceClass), args);
  const asked = args.changes.reduce((sum, change) => sum + costOf(change), 0);
  if (asked > limits.streamChanges) {
    const message = `args.changes: with their envelopes they count as ${asked} changes; expected at most ${limits.streamChanges}: fewer or shorter envelopes`;
    throw new ProtocolError('bad_args', message, { path: 'args.changes' });
  }
  const seed = args.seed ?? randomInt(0, limits.drawnSeedMax + 1);
  const { class: what, avoid, guidance } = args;
  return {
    id: args.as ?? newId(),
    args: { ...args, seed, voice: voice.id },
    first: voiceClass,
    voiceDir,
    wanted: { class: what, avoid, guidance },
    changes: [],
    asked,
    run: null,
    output: null,
    sent: 0,
    latest: [],
    latestSamples: 0,
    gaps: 0,
    touched: performance.now(),
    stopped: null,
  };
}

/** With the loudness of clips and recordings in the place of these. Throws unknown_clip, io_error or bad_args. */
async function spelled(args: StartArgs, voice: Voice, clips: Clips): Promise<StartArgs> {
  const own = async <A extends Pick<SetArgs, 'envelope'>>(one: A): Promise<A> =>
    one.envelope === undefined ? one : { ...one, envelope: await spelledOut(one.envelope, voice, clips) };
  const changes: StartArgs['changes'] = [];
  for (const change of args.changes) changes.push(await own(change));
  return own({ ...args, changes });
}

/** Throws bad_args where arguments do not go together. */
function checkArgs(args: StartArgs): void {
  if (!args.live && (args.seconds ?? Number.POSITIVE_INFINITY) > limits.streamSeconds) {
    const message = `args.seconds: expected at most ${limits.streamSeconds} where live is false`;
    throw new ProtocolError('bad_args', message, { path: 'args.seconds' });
  }
  if (args.play && !args.live) {
    const message = 'args.play: the server plays streams in real time; expected live to be true';
    throw new ProtocolError('bad_args', message, { path: 'args.play' });
  }
  const unsorted = args.changes.findIndex(({ step }, i) => step < (args.changes[i - 1]?.step ?? 0));
  if (unsorted >= 0) {
    const at = `args.changes.${unsorted}.step`;
    throw new ProtocolError('bad_args', `${at}: expected the step of the change before it, or a later one`, {
      path: at,
    });
  }
  checkControls(args.controls, args.class);
}

/** Throws bad_args where a sound shall begin to fade over too late in its row. */
function checkFrames({ changes }: StartArgs, { card }: Voice): void {
  const { last } = fadeOf(Math.ceil(card.mel.frames / card.latent.time));
  const wrong = changes.findIndex(({ frame = 0 }) => frame > last);
  if (wrong < 0) return;
  const at = `args.changes.${wrong}.frame`;
  throw new ProtocolError('bad_args', `${at}: expected 0 to ${last}, a mel frame of a row of voice ${card.id}`, {
    path: at,
  });
}

/** Throws not_streamable. */
function checkStreamable(voice: Voice, voiceDir: string): void {
  if (isTimeMajor(gridOf(modelOf(voice, voiceDir).card))) return;
  const message = `voice ${voice.id} cannot be streamed: the rows of its code grid are not time steps; use foley.generate, or another voice`;
  throw new ProtocolError('not_streamable', message, { path: 'args.voice' });
}
