import { type EventData, ProtocolError } from '../../protocol/index.ts';
import type { ClipEntry, Clips } from '../clips/clip.ts';
import type { Handler } from '../dispatch/dispatcher.ts';

type Deps = { clips: Clips };
type Entry = EventData<'clip.list', 'done'>['clips'][number];

function entry({ id, name, starred, created, seconds, class: label, voiceId, seed, path, from }: ClipEntry): Entry {
  return {
    clip: id,
    name,
    starred,
    created,
    seconds,
    class: label,
    voice: voiceId,
    seed,
    url: `/clips/${id}.wav`,
    path,
    from,
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
    const { recipe, lineage, shape, codes, makers } = clip;
    return {
      clip: {
        ...entry(clip),
        recipe: spread(recipe),
        lineage: spread(lineage),
        shape: spread(shape),
        codes: codes === null ? null : [...codes],
        makers: makers?.map(({ worker, fingerprint }) => ({ worker, fingerprint })) ?? null,
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
      throw new ProtocolError('bad_args', 'args.clip: the clip is starred; unstar it first', { path: 'args.clip' });
    const trashed = await clips.remove(args.clip);
    return { deleted: args.clip, until: trashed?.until ?? null };
  };
}

/** `clip.restore`. */
export function clipRestore({ clips }: Deps): Handler<'clip.restore'> {
  return async ({ args }) => ({ clip: entry(await clips.restore(args.clip)) });
}

function spread(value: object | null): Record<string, unknown> | null {
  return value === null ? null : { ...value };
}
