import { printable } from '../../protocol/index.ts';

/** Says on standard error which class each name was understood as that is no class's. */
export function tellUnderstood({
  understood = [],
}: {
  understood?: { name: string; class: string }[] | undefined;
}): void {
  for (const { name, class: label } of understood)
    process.stderr.write(`foleyd: "${printable(name)}" is understood as ${printable(label)}\n`);
}
