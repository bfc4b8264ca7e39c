import { type EventData, ProtocolError } from '../../protocol/index.ts';
import type { Handler } from '../dispatch/dispatcher.ts';
import type { Preference, VoteHistory } from '../evaluation/votes.ts';
import { diskReason } from '../util/disk-reason.ts';
import type { Catalog } from '../voices/voice.ts';

export interface VoteDeps {
  catalog: Catalog;
  votes: VoteHistory;
}

type Pair = [string, string];

/** `voice.vote`. */
export function voiceVote({ catalog, votes }: VoteDeps): Handler<'voice.vote'> {
  return async ({ args: { voices: ids, liked, class: of = null, seed = null } }) => {
    const voices = pairOf(ids);
    const hashes = await hashesOf(catalog, voices);
    const vote = { when: new Date().toISOString(), voices, hashes, liked, class: of, seed };
    return { preference: await onDisk('the vote could not be saved', () => votes.add(vote)) };
  };
}

/** `voice.votes`. */
export function voiceVotes({ catalog, votes }: VoteDeps): Handler<'voice.votes'> {
  return async ({ args: { voice } }): Promise<EventData<'voice.votes', 'done'>> => {
    const there = new Map((await catalog.list()).map(({ id, hash }) => [hash, id]));
    const hash = voice === undefined ? undefined : (await catalog.find(voice)).hash;
    const all = await onDisk('the votes cannot be read', () => votes.preferences(hash));
    const preferences = all.flatMap((one): Preference[] => {
      const [a, b] = one.hashes.map((hash) => there.get(hash));
      return a === undefined || b === undefined ? [] : [{ ...one, voices: [a, b] }];
    });
    return { preferences };
  };
}

/** `voice.unvote`. */
export function voiceUnvote({ catalog, votes }: VoteDeps): Handler<'voice.unvote'> {
  return async ({ args: { voices } }) => {
    const hashes = await hashesOf(catalog, pairOf(voices));
    return { voices, deleted: await onDisk('the votes could not be deleted', () => votes.forget(hashes)) };
  };
}

/** The declaration lets two through and no other number. */
function pairOf(ids: readonly string[]): Pair {
  const [a = '', b = ''] = ids;
  return [a, b];
}

async function hashesOf(catalog: Catalog, [a, b]: Pair): Promise<Pair> {
  return [(await catalog.find(a)).hash, (await catalog.find(b)).hash];
}

async function onDisk<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new ProtocolError('io_error', `${what}: ${diskReason(cause)}`, { cause });
  }
}
