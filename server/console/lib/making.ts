import type { ArgsInput } from '../../../protocol/commands/index.ts';

/** The commands that make takes, with their arguments. */
export type Making =
  | { cmd: 'foley.generate'; args: ArgsInput<'foley.generate'> }
  | { cmd: 'foley.vary'; args: ArgsInput<'foley.vary'> }
  | { cmd: 'foley.branch'; args: ArgsInput<'foley.branch'> };

/** Takes that it makes. */
export function countOf({ cmd, args }: Making): number {
  return args.count ?? (cmd === 'foley.branch' ? 4 : 1);
}

/** The class that is asked for, or the mix; null of one that is made from another clip. */
export function labelOf({ args }: Making): string | Record<string, number> | null {
  const { class: label } = args;
  return label === undefined ? null : typeof label === 'number' ? String(label) : label;
}
