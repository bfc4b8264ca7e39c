import { type EventData, ProtocolError } from '../../protocol/index.ts';
import type { ClipEntry, Clips, StoredClip } from '../clips/clips.ts';
import type { Handler } from '../registry.ts';
import { exportWav } from '../shaping/export.ts';
import { shapeOf } from './making.ts';

type Deps = { clips: Clips };
type Entry = EventData<'clip.list', 'done'>['clips'][number];

function entry({ id, name, starred, created, seconds, class: label, voiceId, seed, path }: ClipEntry): Entry {
  return {
    ...{ clip: id, name, starred, created, seconds, class: label, voice: voiceId, seed },
    ...{ url: `/clips/${id}.wav`, path },
  };
}

/** `clip.list`. */
export function clipList({ clips }: Deps): Handler<'clip.list'> {
  return ({ args }) => {
    const { clips: found, ...rest } = clips.list(args);
    return { clips: found.map(entry), ...rest };
  };
}

/** `clip.get`. */
export function clipGet({ clips }: Deps): Handler<'clip.get'> {
  return async ({ args }) => {
    const clip = await clips.get(args.clip);
    const { recipe, lineage, shape, codes } = clip;
    return {
      clip: {
        ...entry(clip),
        ...{ recipe: spread(recipe), lineage: spread(lineage), shape: spread(shape) },
        codes: codes === null ? null : [...codes],
      },
    };
  };
}

/** `clip.rename`. */
export function clipRename({ clips }: Deps): Handler<'clip.rename'> {
  return async ({ args }) => ({ clip: entry(await clips.change(args.clip, { name: args.name })) });
}

/** `clip.star`. */
export function clipStar({ clips }: Deps): Handler<'clip.star'> {
  return async ({ args }) => ({ clip: entry(await clips.change(args.clip, { starred: args.starred })) });
}

/** `clip.delete`. */
export function clipDelete({ clips }: Deps): Handler<'clip.delete'> {
  return async ({ args }) => {
    const { starred } = await clips.get(args.clip);
    if (starred)
      throw new ProtocolError('bad_args', 'args.clip: it is starred; take the star away first', { path: 'args.clip' });
    await clips.remove(args.clip);
    return { deleted: args.clip };
  };
}

/** `clip.export`. */
export function clipExport({ clips }: Deps): Handler<'clip.export'> {
  return async ({ args }) => {
    const [clip, wav] = await Promise.all([clips.get(args.clip), clips.read(args.clip)]);
    const { format, rate } = args;
    const made = await exportWav(wav, { format, rate, shape: shapeOf(args) });
    const { path, bytes } = await clips.export(args.name ?? nameOf(clip), made.wav);
    return { path, bytes, seconds: made.seconds };
  };
}

function nameOf({ id, name, class: label, seed }: StoredClip): string {
  if (name !== '') return name.replace(/[^\p{L}\p{N} _.+,()-]/gu, '_').replace(/^[^\p{L}\p{N}_]+|[. ]+$/gu, '') || id;
  if (label === null) return id;
  return `${typeof label === 'string' ? label : Object.keys(label).join('+')}_${seed ?? id}`.slice(0, 100);
}

function spread(value: object | null): Record<string, unknown> | null {
  return value === null ? null : { ...value };
}
