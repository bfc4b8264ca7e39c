/**
 * What one client says in one connection. A client that works sends frames that are right, most of which the server carries
 * out, and mutants of them; a client that floods sends many more, nearly all of which it only has to read and to refuse.
 */
import { mutate } from '../fuzz/mutate.ts';
import type { Frame } from './carrier.ts';
import type { Grammar } from './grammar.ts';
import type { Uniform } from './random.ts';
import type { RefusedGrammar } from './refused.ts';
import type { Target } from './targets.ts';

export type CaseKind = 'work' | 'flood';

export interface Grammars {
  right: Grammar;
  refused: RefusedGrammar;
}

export interface Case {
  kind: CaseKind;
  target: Target;
  frames: readonly Frame[];
  mutated: number;
}

/** `{`: the first byte of every text, and of no binary frame. */
const BRACE = 0x7b;

/** Of the frames of a flood that are not to be refused. */
const WORK_IN_FLOOD = 0.01;

/**
 * @param nth a number that no other case has, for the ids
 * @param floods whether it may be a flood, where the target has any
 */
export function newCase(grammars: Grammars, target: Target, nth: number, random: Uniform, floods: boolean): Case {
  const kind = floods && target.flood > 0 ? 'flood' : 'work';
  const most = kind === 'flood' ? target.flood : target.most;
  const made = Array.from({ length: 1 + Math.floor(random() * most) }, (_, i): Frame => {
    // Far from each other: a changed letter must not make one of another.
    const id = `${nth}-${i}-${Math.floor(random() * 2 ** 52).toString(36)}`;
    const isRight = kind === 'work' || random() < WORK_IN_FLOOD;
    const { bytes, cmd } = target.make(isRight ? grammars.right : grammars.refused, target.role, id);
    return { bytes, ...(target.hasIds && { id }), ...(cmd !== undefined && { cmd }) };
  });
  return { kind, target, ...mutants(made, target, random, most) };
}

function mutants(
  made: Frame[],
  { wrong }: Target,
  random: Uniform,
  most: number,
): { frames: Frame[]; mutated: number } {
  const below = (n: number): number => Math.floor(random() * n);
  let mutated = 0;
  const spliced = new Set<string>();
  const frames = made.map((frame): Frame => {
    const cuts = below(8) === 0 ? Array.from({ length: 1 + below(4) }, () => below(frame.bytes.length + 1)) : [];
    if (random() >= wrong) return { ...frame, ...(cuts.length > 0 && { cuts }) };
    mutated += 1;
    // What its id is by now nobody knows, and the id of what it is spliced with may now be in two of them.
    const other = made[below(made.length)]!;
    if (other.id !== undefined) spliced.add(other.id);
    let bytes = mutate(frame.bytes, other.bytes, random);
    // A WebSocket ends where a text is no UTF-8, and the frames after it would never be read: seldom more than one.
    const isText = frame.bytes[0] === BRACE;
    if (isText && below(most) > 0) bytes = new TextEncoder().encode(new TextDecoder().decode(bytes));
    return { bytes, ...(cuts.length > 0 && { cuts }) };
  });
  const sure = frames.map(({ id, ...frame }) => (id === undefined || spliced.has(id) ? frame : { id, ...frame }));
  return { frames: sure, mutated };
}
