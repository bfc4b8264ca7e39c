/** What clients do that a server must not forget, each noted in the ledger. */
import { encodeWav } from '../../audio/wav.ts';
import { MAX_ENDED } from '../../training/jobs.ts';
import { type Caller, call, type Ledger, type Outcome } from './ledger.ts';
import type { Uniform } from './random.ts';

export interface Doer {
  caller: Caller;
  ledger: Ledger;
  random: Uniform;
  /** Seeds that no other clip has. */
  newSeed: () => number;
  /** A word that no other name has. */
  newName: () => string;
  /** Its own, for recordings. */
  upload: string;
}

type Deed = (doer: Doer) => Promise<Outcome>;

const pick = <T>(random: Uniform, all: readonly T[]): T | undefined => all[Math.floor(random() * all.length)];

/** A clip that is there, or one that is made now. */
async function someClip(doer: Doer): Promise<string | null> {
  const known = pick(doer.random, doer.ledger.there('clip'));
  if (known !== undefined) return known;
  const made = await deeds.save(doer);
  return made?.event === 'done' ? String(made.data.clip) : null;
}

const wav = Buffer.from(
  encodeWav(
    Float32Array.from({ length: 22_050 }, (_, i) => 0.5 * Math.sin(i / 9)),
    22_050,
    's16',
  ),
).toString('base64');

export const deedNames = [
  ...(['save', 'map', 'edit', 'unmap', 'star', 'rename', 'remove'] as const),
  ...(['activate', 'rule', 'kept', 'batch', 'dataset', 'training'] as const),
] as const;
export type DeedName = (typeof deedNames)[number];

export const deeds: Record<DeedName, Deed> = {
  async save({ caller, ledger, newSeed }) {
    const made = await call(caller, 'foley.generate', { class: 0, seed: newSeed(), save: true, audio: false });
    ledger.heard(made);
    if (made?.event === 'done') ledger.known(`clip ${made.data.clip}`, 'there');
    return made;
  },
  async map({ caller, ledger, newName, random }) {
    const [id, gain] = [newName(), -Math.floor(random() * 40)];
    return ledger.change(`map ${id}`, String(gain), () =>
      call(caller, 'trigger.map', { id, class: 0, gain, ready: 1 }),
    );
  },
  async edit(doer) {
    const { caller, ledger, random } = doer;
    const id = pick(random, ledger.there('map'));
    if (id === undefined) return deeds.map(doer);
    const gain = -Math.floor(random() * 40);
    return ledger.change(`map ${id}`, String(gain), () => call(caller, 'trigger.edit', { id, change: { gain } }));
  },
  async unmap(doer) {
    const { caller, ledger, random } = doer;
    const id = pick(random, ledger.there('map'));
    if (id === undefined) return deeds.map(doer);
    return ledger.change(`map ${id}`, null, () => call(caller, 'trigger.unmap', { id }));
  },
  async star(doer) {
    const clip = await someClip(doer);
    if (clip === null) return null;
    const { caller, ledger } = doer;
    return ledger.change(`star ${clip}`, 'starred', () => call(caller, 'clip.star', { clip }));
  },
  async rename(doer) {
    const clip = await someClip(doer);
    if (clip === null) return null;
    const { caller, ledger, newName } = doer;
    const name = newName();
    return ledger.change(`name ${clip}`, name, () => call(caller, 'clip.rename', { clip, name }));
  },
  async remove(doer) {
    const made = await deeds.save(doer);
    if (made?.event !== 'done') return made;
    const { caller, ledger } = doer;
    const clip = String(made.data.clip);
    return ledger.change(`clip ${clip}`, null, () => call(caller, 'clip.delete', { clip }));
  },
  async activate({ caller, ledger }) {
    const voice = ledger.is('active', 'default') ? 'other' : 'default';
    return ledger.change('active', voice, () => call(caller, 'admin.activate', { voice, force: true }));
  },
  async rule({ caller, ledger }) {
    const args = { on: true, folder: 'auto', starred: true, settings: { rate: 22_050, bits: 16 } };
    return ledger.change('rule', JSON.stringify([true, 'auto']), () => call(caller, 'deliver.set', args));
  },
  async kept({ caller, ledger, newSeed }) {
    const [seed, count] = [newSeed(), 4];
    const args = { class: 0, seed, count, keep: true, save: true, audio: false, rows: false };
    return ledger.order({ seed, count, files: false }, (on) => call(caller, 'foley.generate', args, on));
  },
  async batch({ caller, ledger, newSeed }) {
    const [seed, count] = [newSeed(), 4];
    const rows = [
      { class: '0', seed, count: 2 },
      { class: '1', seed: seed + 2, count: 2 },
    ];
    return ledger.order({ seed, count, files: true }, (on) => call(caller, 'clip.batch', { rows, rate: 22_050 }, on));
  },
  async dataset({ caller, ledger, newName, upload }) {
    const dataset = newName();
    for (const file of ['A/a.wav', 'A/b.wav']) {
      const sent = await call(caller, 'dataset.upload', { upload, file, data: wav });
      if (sent?.event !== 'done') return sent;
    }
    return ledger.change(`dataset ${dataset}`, 'there', () =>
      call(caller, 'dataset.add', { dataset, upload, licence: 'CC0-1.0', author: 'a test' }),
    );
  },
  async training(doer) {
    const { caller, ledger, newName, random } = doer;
    const dataset = pick(random, ledger.there('dataset'));
    if (dataset === undefined) return deeds.dataset(doer);
    const voice = newName();
    const outcome = await ledger.change(`training ${voice}`, 'there', () =>
      call(caller, 'admin.retrain', { voice, datasets: [dataset], steps: 3, scratch: true }),
    );
    // Asked for at once, two may be kept in the other order.
    ledger.forget('training', MAX_ENDED - 20);
    return outcome;
  },
};
