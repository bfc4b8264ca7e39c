import { measuredBy, ProtocolError, toProtocolError } from '../../protocol/index.ts';
import type { Handler } from '../dispatch/dispatcher.ts';
import type { ActiveVoices } from '../voices/active.ts';
import type { Catalog, Voice } from '../voices/voice.ts';
import type { FadDeps } from './admin-fad.ts';

export interface ActivateDeps {
  catalog: Catalog;
  active: ActiveVoices;
  /** Loads a voice beside the others and makes a clip of it twice. Rejects where it cannot, or where the two differ. */
  tryVoice: (voice: Voice) => Promise<void>;
  scores: FadDeps['scores'];
  gate: { mode: 'off' | 'warn' | 'refuse'; margin: number };
  /** Hears of each change. */
  onActive: (voice: string) => void;
}

/** `admin.activate`. */
export function adminActivate(deps: ActivateDeps): Handler<'admin.activate'> {
  return ({ args }) =>
    deps.active.inTurn(async () => {
      const { active } = deps;
      const voice = await deps.catalog.find(args.voice);
      const previous = active.active;
      const warning = args.force ? null : await gated(deps, voice);
      await deps.tryVoice(voice);
      await active.push(voice.id);
      deps.onActive(voice.id);
      return { voice: voice.id, previous, warning };
    });
}

/** `admin.rollback`: to the latest one before that can still be used. */
export function adminRollback(deps: ActivateDeps): Handler<'admin.rollback'> {
  return () =>
    deps.active.inTurn(async () => {
      const { active } = deps;
      const previous = active.active;
      let problem: unknown = new ProtocolError(
        'unknown_voice',
        'no other voice was active before this one; name one with admin.activate',
      );
      for (const id of active.previous) {
        try {
          const voice = await deps.catalog.find(id);
          await deps.tryVoice(voice);
        } catch (error) {
          // Nothing is wrong with this one, and those before it are not what was asked for.
          if (toProtocolError(error).code === 'out_of_resources') throw error;
          problem = error;
          continue;
        }
        await active.backTo(id);
        deps.onActive(id);
        return { voice: id, previous, warning: null };
      }
      throw problem;
    });
}

/** What speaks against a voice by its latest score, compared with the active one's by the same measure. Throws gate_refused. */
async function gated({ catalog, scores, gate }: ActivateDeps, voice: Voice): Promise<string | null> {
  if (gate.mode === 'off') return null;
  const active = await catalog.find().catch(() => null);
  const all = await scores.list();
  const [candidate, own] = [voice.hash, active?.hash].map((hash) => all.findLast((score) => score.hash === hash));
  const refuse = (message: string): string => {
    if (gate.mode === 'refuse') throw new ProtocolError('gate_refused', message);
    return message;
  };
  if (voice.hash === active?.hash) return null;
  if (own === undefined)
    return refuse('the active voice has no FAD, so nothing was compared; measure it with admin.fad');
  if (candidate === undefined) return refuse(`voice ${voice.id} has no FAD; measure it with admin.fad`);
  if (measuredBy(candidate) !== measuredBy(own))
    return refuse(
      `voice ${voice.id} was measured differently from the active one; measure both with the same settings`,
    );
  const [theirs, ours] = [candidate.average.fad, own.average.fad];
  if (theirs <= ours * (1 + gate.margin)) return null;
  const percent = Math.round(gate.margin * 100);
  return refuse(
    `voice ${voice.id} has FAD ${theirs.toFixed(1)}, the active one ${ours.toFixed(1)}: more than ${percent} % worse`,
  );
}
