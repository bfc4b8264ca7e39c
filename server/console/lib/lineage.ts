import type { EventData } from '../../../protocol/commands/index.ts';
import { link } from './link.svelte.ts';

type Entry = EventData<'clip.list', 'done'>['clips'][number];

/** A clip with what was made from it. */
export interface Family {
  clip: Entry;
  children: Family[];
}

/** So many generations up and so many clips in all are shown. */
const MAX_GENERATIONS = 12;
const MAX_CLIPS = 60;

/** The tree that a clip stands in, from the first that is still there; null of one that has no relatives. */
export async function familyOf(clip: Entry): Promise<Family | null> {
  let root = clip;
  for (let up = 0; up < MAX_GENERATIONS && root.from !== null; up++) {
    const parent = await link.call('clip.get', { clip: root.from }).then(
      ({ clip: found }) => found,
      () => null,
    );
    if (parent === null) break;
    root = parent;
  }
  const family: Family = { clip: root, children: [] };
  const open = [family];
  for (let left = MAX_CLIPS, one = open.shift(); one !== undefined && left > 0; one = open.shift()) {
    const { clips } = await link.call('clip.list', { of: one.clip.clip, limit: left });
    left -= clips.length;
    one.children = clips.toReversed().map((child) => ({ clip: child, children: [] }));
    open.push(...one.children);
  }
  return family.children.length === 0 ? null : family;
}
