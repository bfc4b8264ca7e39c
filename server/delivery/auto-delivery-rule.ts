/** Which saved clips are delivered by themselves, and how. */
import { z } from 'zod';
import { type Args, commandOf, type FileSettings } from '../../protocol/index.ts';
import type { ClipEntry } from '../clips/clip.ts';

export interface AutoDeliveryRule {
  on: boolean;
  /** Below the folder of deliveries. */
  folder: string;
  starred: boolean;
  /** Null for all. */
  classes: string[] | null;
  settings: FileSettings;
  /**
   * Clips saved before are left out, unless only starred ones are wanted. A time of the clips' own (`created`), which
   * never goes back: the machine's clock may be set back, and would keep later clips out.
   */
  since: number;
}

/** Whether the rule is for a clip that was not delivered yet. */
export function isWanted(
  { starred, class: label, delivered, created }: Pick<ClipEntry, 'starred' | 'class' | 'delivered' | 'created'>,
  { on, starred: onlyStarred, classes, since }: AutoDeliveryRule,
): boolean {
  if (!on || delivered || (onlyStarred ? !starred : created < since)) return false;
  if (classes === null) return true;
  const own = label === null ? [] : typeof label === 'string' ? [label] : Object.keys(label);
  return classes.some((wanted) => own.some((name) => name.toLowerCase() === wanted.toLowerCase()));
}

/** A rule as it is kept, with defaults filled in. Throws where it is none. */
export function ruleFrom(value: unknown): AutoDeliveryRule {
  const {
    since = 0,
    settings,
    ...given
  } = z.looseObject({ since: z.number().optional(), settings: z.unknown().optional() }).parse(value);
  const {
    on,
    folder = '',
    starred = false,
    classes = null,
  } = commandOf('deliver.set').args.parse(given) as Args<'deliver.set'>;
  const form = commandOf('clip.export').args.omit({ clip: true, name: true, to: true, folder: true });
  return { on, folder, starred, classes, settings: form.parse(settings ?? {}) as FileSettings, since };
}
