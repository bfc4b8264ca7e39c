import assert from 'node:assert/strict';
import { type Answer, isTerminal } from '../../../protocol/index.ts';

/** One request and all that was answered to it so far. */
export interface Asked {
  readonly id: string;
  readonly answers: Answer[];
  /** The terminal answer. */
  readonly end: Promise<Answer>;
  /** Resolves with the first answer of this event. */
  first(event: string): Promise<Answer>;
}

/** A client as the contract suite sees it, whatever it speaks. */
export interface TestClient {
  readonly inbox: Inbox;
  ask(cmd: string, args?: Record<string, unknown>, id?: string): Asked;
  close(): Promise<void>;
}

/** Sorts answers by id; complains about any that answers nothing this client asked, or comes after an end. */
export class Inbox {
  readonly strays: Answer[] = [];
  readonly #open = new Map<
    string,
    { asked: Asked & { ended: boolean }; wake: Set<() => void>; resolve: (a: Answer) => void }
  >();
  #ids = 0;

  newId(): string {
    return `r${++this.#ids}`;
  }

  expect(id: string): Asked {
    const answers: Answer[] = [];
    const wake = new Set<() => void>();
    let resolve: (answer: Answer) => void = () => undefined;
    const end = new Promise<Answer>((done) => {
      resolve = done;
    });
    const first = async (event: string): Promise<Answer> => {
      for (;;) {
        const found = answers.find((answer) => answer.event === event);
        if (found !== undefined) return found;
        const last = answers.at(-1);
        if (last !== undefined && isTerminal(last.event)) {
          assert.fail(`ended with ${last.event} ${String(last.data.code ?? '')} before any ${event}`);
        }
        await new Promise<void>((woken) => wake.add(woken));
      }
    };
    const asked = { id, answers, end, first, ended: false };
    this.#open.set(id, { asked, wake, resolve });
    return asked;
  }

  take(answer: Answer): void {
    const entry = this.#open.get(answer.id ?? '');
    if (entry === undefined || entry.asked.ended) {
      this.strays.push(answer);
      return;
    }
    entry.asked.answers.push(answer);
    wakeAll(entry.wake);
    if (!isTerminal(answer.event)) return;
    entry.asked.ended = true;
    entry.resolve(answer);
  }
}

/** Whoever waits on goes in anew: of several, none may be forgotten by the one that is woken after it. */
export function wakeAll(waiting: Set<() => void>): void {
  const woken = [...waiting];
  waiting.clear();
  for (const wake of woken) wake();
}

/** The code an answer failed with; fails the test when it did not. */
export function codeOf(answer: Answer): string {
  assert.equal(answer.event, 'failed', JSON.stringify(answer.data));
  return String(answer.data.code);
}
