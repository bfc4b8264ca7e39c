import { type EventData, printable } from '../../protocol/index.ts';
import { exits } from './errors.ts';
import { openSession, type SessionChoice } from './open-session.ts';

/** `foleyd voices`: lists voices with their classes. */
export async function voices(options: SessionChoice & { json?: boolean }): Promise<number> {
  const session = await openSession(options);
  try {
    const found = await session.call('voice.list', {});
    process.stdout.write(options.json ? `${JSON.stringify(found.voices)}\n` : text(found.voices));
    if (found.voices.length === 0)
      process.stderr.write('foleyd: voice_missing: there is no usable voice; foleyd doctor says why\n');
    return found.voices.length === 0 ? exits.failed : exits.ok;
  } finally {
    await session.close();
  }
}

function text(list: EventData<'voice.list', 'done'>['voices']): string {
  return list
    .map(({ id, name, classes, hash, active }) => {
      return `${active ? '*' : ' '} ${id}  ${printable(name)}  (${hash.slice(0, 12)}${active ? ', active' : ''})\n    ${classes.map((c) => printable(c.name)).join(', ')}\n`;
    })
    .join('');
}
