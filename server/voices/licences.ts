import { ProtocolError, printable } from '../../protocol/index.ts';
import type { VoiceCard } from '../cards/voice-card.ts';
import type { Voice } from './voice.ts';

/** What a licence asks of who shares what was made of the work; `other` asks more, or nobody here has read it. */
export type LicenceKind = 'permissive' | 'copyleft' | 'other';

/** SPDX identifiers. Notices and credits may be asked for, nothing else. */
const PERMISSIVE =
  /^(CC0-1\.0|public-domain|PDDL-1\.0|Unlicense|0BSD|WTFPL|MIT|MIT-0|X11|ISC|Zlib|BSL-1\.0|NCSA|BSD-[1-4]-Clause|Apache-[\d.]+|CC-BY-\d\.\d|CDLA-Permissive-[\d.]+)$/i;
const COPYLEFT = /^([AL]?GPL|GFDL|CC-BY-SA|MPL|EPL|EUPL|OSL|CDDL|ODbL|CDLA-Sharing|CC-BY-NC-SA)-/i;

const BEST_FIRST: readonly LicenceKind[] = ['permissive', 'copyleft', 'other'];

/** What an SPDX expression asks: all of its parts that AND joins, the least of those that OR joins. */
export function licenceKind(expression: string): LicenceKind {
  const either = expression.split(/\sOR\s/i).map((part) => {
    const all = part.split(/\sAND\s/i).map((one) => kindOfOne(one.trim()));
    return Math.max(...all.map((kind) => BEST_FIRST.indexOf(kind)));
  });
  return BEST_FIRST[Math.min(...either)] ?? 'other';
}

function kindOfOne(licence: string): LicenceKind {
  // `GPL-2.0-only WITH ...` stays what it is; parentheses are not read, so they make it unknown.
  if (COPYLEFT.test(licence)) return 'copyleft';
  return PERMISSIVE.test(licence) ? 'permissive' : 'other';
}

export interface LicenceCount {
  licence: string;
  kind: LicenceKind;
  /** Clips or recordings that the voice learned from; null where its card does not say. */
  recordings: number | null;
}

/** The licences of all that a voice, and the voices it carries along, learned from; most recordings first. */
export function licencesOf({ models }: Pick<Voice, 'models'>): LicenceCount[] {
  const counts = new Map<string, number | null>();
  for (const { card } of models) {
    for (const [licence, recordings] of licencesOfCard(card))
      counts.set(
        licence,
        recordings === null ? (counts.get(licence) ?? null) : (counts.get(licence) ?? 0) + recordings,
      );
  }
  return [...counts]
    .map(([licence, recordings]) => ({ licence, kind: licenceKind(licence), recordings }))
    .sort((a, b) => (b.recordings ?? 0) - (a.recordings ?? 0) || (a.licence < b.licence ? -1 : 1));
}

/** `data.licences` of the card, whatever its credits name besides, else its `license`. */
function licencesOfCard(card: VoiceCard): Map<string, number | null> {
  const { data, credits, license } = card as { data?: unknown; credits?: unknown; license?: unknown };
  const counts = new Map<string, number | null>();
  const counted = (data as { licences?: unknown } | undefined)?.licences;
  if (typeof counted === 'object' && counted !== null)
    for (const [licence, count] of Object.entries(counted))
      counts.set(licence, typeof count === 'number' ? count : null);
  const named = new Set(counts.keys());
  for (const credit of Array.isArray(credits) ? (credits as { licence?: unknown; recordings?: unknown }[]) : []) {
    if (typeof credit?.licence !== 'string' || named.has(credit.licence)) continue;
    const recordings = typeof credit.recordings === 'number' ? credit.recordings : 0;
    counts.set(credit.licence, (counts.get(credit.licence) ?? 0) + recordings);
  }
  if (counts.size === 0 && typeof license === 'string') counts.set(license, null);
  return counts;
}

/** Throws licence_refused, which names what is not permissive: also what a card does not say. */
export function refuseUnlessPermissive(voice: Voice): void {
  const licences = licencesOf(voice);
  if (licences.length === 0)
    throw new ProtocolError(
      'licence_refused',
      `the card of voice ${voice.id} does not state the licences of its data; export it without permissiveOnly, or add them`,
    );
  const refused = licences.filter(({ kind }) => kind !== 'permissive');
  if (refused.length === 0) return;
  const named = refused.map(({ licence, kind, recordings }) => {
    const about = [
      kind === 'other' ? 'not known to be permissive' : kind,
      ...(recordings === null ? [] : [`${recordings} clips`]),
    ];
    return `${printable(licence).slice(0, 100)} (${about.join(', ')})`;
  });
  throw new ProtocolError(
    'licence_refused',
    `voice ${voice.id} was trained on data under licences that are not permissive; export it without permissiveOnly if you can meet them: ${named.join('; ')}`.slice(
      0,
      2000,
    ),
  );
}
