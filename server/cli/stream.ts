import { type ArgsInput, decodePcm, type EventData } from '../../protocol/index.ts';
import { joined } from '../audio/join.ts';
import { type Recipe, writeRecipe } from '../audio/recipe.ts';
import { progressBar } from './bar.ts';
import { CliError, exits } from './errors.ts';
import { targetOf, writeClip } from './files.ts';
import { envelopeOf } from './followed.ts';
import { argsFrom, checkTarget, type GenerateOptions } from './generate.ts';
import { untilInterrupt } from './interrupt.ts';
import { readClip, voiceOnServer } from './like.ts';
import { openSession } from './open-session.ts';
import { asFlac, asWav } from './pack.ts';
import { play } from './play.ts';
import type { Session } from './session.ts';
import { tellUnderstood } from './understood.ts';

export interface StreamOptions extends Omit<GenerateOptions, 'count' | 'spectrum' | 'candidates' | 'rate' | 'json'> {
  seconds?: number;
  level?: number;
}

type Accepted = EventData<'stream.start', 'accepted'>;
type Audio = EventData<'stream.start', 'audio'>;

/** `foleyd stream`: so many seconds of a class in one piece, as fast as they can be made. Resolves with the exit code. */
export async function stream(what: string | undefined, options: StreamOptions): Promise<number> {
  const like = options.like === undefined ? null : await readClip(options.like);
  const cut = like?.recipe.stream;
  if (like !== null && cut === undefined)
    throw new CliError('no_recipe', `${options.like} was not cut from a stream; use foleyd generate --like`);
  if (what === undefined && cut === undefined)
    throw new CliError('usage', 'name a class, as in: foleyd stream Rain --seconds 60; foleyd voices lists them');
  const endless = cut === undefined && options.seconds === undefined;
  if (endless && options.play !== true)
    throw new CliError(
      'usage',
      'give the length, as in: foleyd stream Rain --seconds 60; or --play to hear it until Ctrl-C',
    );
  if (endless && options.out !== undefined)
    throw new CliError('usage', '--out needs a length, as in: foleyd stream Rain --seconds 60 --out rain.wav');
  const target = await targetOf(options.out);
  checkTarget(target, options);
  const { envelope } = options;
  const follows: Record<string, unknown> = envelope === undefined ? {} : { envelope: await envelopeOf(envelope) };
  const session = await openSession(options);
  return untilInterrupt(session, exits.interrupted, async () => {
    const args = { ...cut?.args, ...streamArgs(what, options), ...follows };
    if (endless) {
      await hear(session, args);
      return exits.ok;
    }
    if (like !== null) Object.assign(args, { voice: await voiceOnServer(session, like.recipe, options.voice) });
    const parts: Float32Array[] = [];
    let accepted: Accepted | undefined;
    const begun = performance.now();
    const wanted = Number(args.seconds);
    const bar = progressBar(process.stderr.isTTY === true ? 'line' : 'tenths');
    let heard = 0;
    const done = await session
      .call('stream.start', args as ArgsInput<'stream.start'>, (event, data) => {
        if (event === 'accepted') {
          accepted = data as Accepted;
          tellUnderstood(accepted);
        }
        if (event !== 'audio') return;
        const { pcm, format } = data as Audio;
        const part = decodePcm(pcm, format);
        parts.push(part);
        heard += part.length;
        if (wanted > 0)
          bar.show({
            part: 'second',
            done: Math.min(wanted, Math.floor((heard * 10) / accepted!.rate) / 10),
            of: wanted,
          });
      })
      .finally(() => bar.end());
    const { rate, seed, stream: id } = accepted!;
    const offset = options.seconds === undefined ? (cut?.offset ?? 0) : 0;
    const pcm = joined(parts).subarray(offset);
    const { recipe } = done as unknown as { recipe: Recipe };
    const comment = writeRecipe({ ...recipe, stream: { ...recipe.stream!, offset } });
    const format = options.format ?? like?.format ?? 'f32';
    const flac = target.kind === 'file' && target.ending === 'flac';
    const bytes = (flac ? asFlac : asWav)({ pcm, rate, info: { software: 'foleyd', comment } }, format);
    const file = await writeClip(target, { class: 'stream', seed }, 1, bytes);
    if (target.kind !== 'stdout') process.stdout.write(`${file}\n`);
    const took = (performance.now() - begun) / 1000;
    process.stderr.write(`stream ${id}, seed ${seed}: ${(pcm.length / rate).toFixed(2)} s in ${took.toFixed(2)} s\n`);
    if (options.play) await play(file);
    return exits.ok;
  });
}

/** On the output of whoever makes it, until it is stopped. */
async function hear(session: Session, args: Record<string, unknown>): Promise<void> {
  const live = { ...args, live: true, audio: false, play: true } as unknown as ArgsInput<'stream.start'>;
  await session.call('stream.start', live, (event, data) => {
    if (event !== 'accepted') return;
    const { stream: id, seed, device } = data as Accepted;
    process.stderr.write(`stream ${id}, seed ${seed}, on ${device ?? 'no output device'}; Ctrl-C ends it\n`);
    if (!device) process.stderr.write('foleyd: no_audio: no output device was found\n');
  });
}

/** What was said on the command line; the server checks it and fills in the rest. */
function streamArgs(what: string | undefined, options: StreamOptions): Record<string, unknown> {
  const { seconds, level } = options;
  const own = { ...(seconds !== undefined && { seconds }), ...(level !== undefined && { level }) };
  return { ...argsFrom(what, options), ...own, live: false, format: 'f32' };
}
