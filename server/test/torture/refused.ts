/** Requests that a server reads to the end and refuses, of any command by any role: hostile traffic that makes no clips. */
import { type CommandName, commandNames, commandOf } from '../../../protocol/index.ts';
import { EXTREMES } from '../fuzz/extremes.ts';
import { Grammar } from './grammar.ts';

type Args = Record<string, unknown>;

/** Arguments that are kept of each command, and how many requests on average are made of each. */
const KEPT = 32;
const USES = 16;

export class RefusedGrammar extends Grammar {
  readonly #kept = new Map<CommandName, Args[]>();

  override command(_role: unknown, has: (name: CommandName) => boolean = () => true): CommandName {
    return this.pick(commandNames.filter(has));
  }

  /** Making a request takes longer than refusing it, so each is said several times, and changed each time by the mutations. */
  override args(name: CommandName): Args {
    const kept = this.#kept.get(name) ?? [];
    if (kept.length === KEPT && this.below(USES) > 0) return this.pick(kept);
    const made = this.#wrong(name);
    if (kept.length < KEPT) this.#kept.set(name, [...kept, made]);
    else kept[this.below(KEPT)] = made;
    return made;
  }

  #wrong(name: CommandName): Args {
    for (let tries = 0; tries < 4; tries++) {
      const args = super.args(name);
      const field = this.pick([...Object.keys(args), 'class', 'nothing']);
      const wrong = { ...args, [field]: this.pick(EXTREMES) };
      if (!commandOf(name).args.safeParse(wrong).success) return wrong;
    }
    return { [this.pick(['nothing', 'payloads', 'x'.repeat(120)])]: this.pick(EXTREMES) };
  }
}
