import { type EventData, encodePcm, limits } from '../../protocol/index.ts';
import { printable } from '../../protocol/printable.ts';
import { labelOf, provenanceOf, statedSourceTypes } from '../audio/provenance.ts';
import { type Checked, checkManifest } from '../c2pa/check.ts';
import { exists } from '../util/atomic-file.ts';
import { columns } from './columns.ts';
import { type Comparison, compareWith } from './compare-regenerated.ts';
import { CliError, exits, toCliError } from './errors.ts';
import { argsOf, clipIn, licencesOf, readSound, voiceFor } from './like.ts';
import { openSession, type SessionChoice } from './open-session.ts';
import type { Session } from './session.ts';
import { sidecarOf } from './sign.ts';

export interface VerifyOptions extends SessionChoice {
  json?: boolean;
  /** False: the clip is not made again. */
  regenerate?: boolean;
}

interface Report {
  file: string;
  /** Source types of the IPTC by the place in the file that states them. */
  states: Record<string, string>;
  /** What its C2PA manifest says, where one lies beside it. */
  signed: Checked | null;
  recipe: Record<string, unknown>;
  voice: { id: string; hash: string; installed: boolean; licences: Record<string, number> | null };
  /** The recording that the voice learned from and that is nearest to the sound; null where the voice cannot tell. */
  nearest: (EventData<'voice.nearest', 'done'>['recordings'][number] & { memorised: boolean }) | null;
  /** Whether its recipe gives the same samples on this machine; null where it was not tried or cannot be. */
  identical: boolean | null;
  /** dB below full scale. */
  difference: number | null;
  /** Why it was not made again. */
  reason: string | null;
}

/** `foleyd verify FILE`: what made a file, of which data, and whether its recipe still gives it. 1 where it does not, or where its manifest is not its own. */
export async function verify(file: string, options: VerifyOptions): Promise<number> {
  const bytes = await readSound(file);
  const clip = clipIn(file, bytes);
  const { recipe, comment } = clip;
  const session = await openSession({ ...options, makesFiles: true });
  try {
    const { voices } = await session.call('voice.list', {});
    const installed = voices.find(({ hash }) => hash === recipe.voice);
    const report: Report = {
      file,
      states: Object.fromEntries(statedSourceTypes(bytes)),
      signed: await signedBy(file, bytes),
      recipe,
      voice: {
        id: recipe.voiceId,
        hash: recipe.voice,
        installed: installed !== undefined,
        licences: installed === undefined ? null : await licencesOf(session, installed.id),
      },
      nearest: null,
      identical: null,
      difference: null,
      reason: options.regenerate === false ? 'not tried' : null,
    };
    let sound: { pcm: Float32Array; rate: number } | null = clip.sound;
    if (report.reason === null) {
      const made = await makeAgain(session, recipe, voices).catch((thrown: unknown) => {
        const { code, message } = toCliError(thrown);
        // Of a clip that cannot be made again all else is still told.
        if (code !== 'no_recipe' && code !== 'voice_mismatch') throw thrown;
        return message;
      });
      if (typeof made === 'string') report.reason = made;
      else {
        Object.assign(report, await compareWith(bytes, clip, made));
        // A FLAC is not decoded, but known to hold what was made again.
        if (report.identical === true) sound ??= { pcm: made, rate: recipe.rate };
      }
    }
    if (installed !== undefined && sound !== null) report.nearest = await nearestTo(session, installed.id, sound);
    const statement = provenanceOf(comment)?.statement ?? '';
    process.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : text(report, statement));
    return report.identical === false || (report.signed?.problems.length ?? 0) > 0 ? exits.failed : exits.ok;
  } finally {
    await session.close();
  }
}

async function signedBy(file: string, bytes: Uint8Array): Promise<Checked | null> {
  const sidecar = sidecarOf(file);
  return (await exists(sidecar)) ? checkManifest(await readSound(sidecar), bytes) : null;
}

/** Samples of the clip, made anew without being saved. */
async function makeAgain(
  session: Session,
  recipe: ReturnType<typeof clipIn>['recipe'],
  voices: EventData<'voice.list', 'done'>['voices'],
): Promise<Float32Array> {
  const args = { ...argsOf(recipe), voice: voiceFor(recipe, voices).voice };
  let pcm: Float32Array | null = null;
  const asked = { ...args, format: 'f32', rows: false, audio: true } as unknown as Parameters<typeof session.call>[1];
  await session.call('foley.generate', asked as never, (event, data) => {
    if (event !== 'audio') return;
    const { offset, total, pcm: part } = data as EventData<'foley.generate', 'audio'>;
    pcm ??= new Float32Array(total);
    const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
    for (let i = 0; i < part.byteLength / 4; i++) pcm[offset + i] = view.getFloat32(4 * i, true);
  });
  if (pcm === null) throw new CliError('internal', 'the server sent no audio');
  return pcm;
}

/** Null of a voice without fingerprints, and of silence. */
async function nearestTo(
  session: Session,
  voice: string,
  { pcm, rate }: { pcm: Float32Array; rate: number },
): Promise<Report['nearest']> {
  // As much as one message carries, in base64 too.
  const recording = encodePcm(pcm.subarray(0, Math.floor(limits.frameBytes / 4)), 's16', true);
  try {
    const args = { recording, recordingRate: rate, voice, count: 1 };
    const { recordings, memorised } = await session.call('voice.nearest', args);
    return { ...recordings[0]!, memorised };
  } catch (thrown) {
    if (['no_fingerprints', 'bad_args'].includes(toCliError(thrown).code)) return null;
    throw thrown;
  }
}

function text({ file, states, signed, recipe, voice, nearest, ...made }: Report, statement: string): string {
  const places = Object.entries(states);
  const types = [...new Set(Object.values(states))];
  const stated = types.map((type) => `${type} (${places.flatMap(([at, of]) => (of === type ? [at] : [])).join(', ')})`);
  const licences = voice.licences === null ? [] : Object.entries(voice.licences);
  return columns([
    ['file', file],
    ['states', stated.join('; ') || 'no digital source type'],
    ...(signed === null ? [] : [['signed', signature(signed)]]),
    ['recipe', `${labelOf(recipe as Parameters<typeof labelOf>[0])}: ${statement}`],
    ['voice', `${voice.id} ${voice.hash.slice(0, 12)}, ${voice.installed ? 'installed' : 'not installed'}`],
    ['licences', licences.map(([name, count]) => `${name} (${count})`).join(', ') || 'unknown'],
    ['nearest', nearest === null ? 'not known: the voice has no fingerprints of its recordings' : described(nearest)],
    ['regenerated', again(made, made.reason)],
  ]);
}

/** Certificates can say anything: whom to trust is not decided here. */
function signature({ subject, issuer, problems }: Checked): string {
  if (problems.length > 0) return `not valid: ${problems.join('; ')}`;
  const [own, its] = [subject, issuer].map((names) => printable((names ?? 'nobody').replaceAll('\n', ', ')));
  return `by ${own}, certified by ${its}; whether to trust them was not checked`;
}

function described({ name, class: label, likeness, limit, memorised }: NonNullable<Report['nearest']>): string {
  const alike = `likeness ${likeness.toFixed(2)}, limit ${limit.toFixed(2)}`;
  return `${memorised ? 'memorised: ' : ''}${name} (${label}), ${alike}`;
}

function again(
  { identical, difference }: { identical: boolean | null } & Pick<Comparison, 'difference'>,
  reason: string | null,
): string {
  if (identical === null) return reason ?? 'not tried';
  if (identical) return 'identical samples';
  return difference === null
    ? 'different samples: another program changed the sound, or another machine or version made it'
    : `different samples: up to ${difference.toFixed(1)} dBFS apart`;
}
