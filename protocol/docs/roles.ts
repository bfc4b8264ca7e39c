import { commandNames, commandOf } from '../commands/index.ts';
import { paragraphs, table } from './markdown.ts';

/** Ways in, and which commands each has a form for. MIDI plays what is mapped and asks for nothing else. */
export const ways = {
  memory: { title: "the server's own process", has: () => true },
  ws: { title: 'WebSocket', has: () => true },
  http: { title: 'HTTP', has: ({ http, sound }) => http || sound },
  osc: { title: 'OSC', has: ({ osc }) => osc !== null },
  midi: { title: 'MIDI', has: () => false },
} as const satisfies Record<string, { title: string; has: (command: ReturnType<typeof commandOf>) => boolean }>;

export type Way = keyof typeof ways;

/** Who may send what by which way: one row for each command, from its declaration. */
export function roleRows(): { cmd: (typeof commandNames)[number]; may: Record<Way, 'play' | 'admin' | null> }[] {
  return commandNames.map((cmd) => {
    const command = commandOf(cmd);
    const may = Object.entries(ways).map(([way, { has }]) => [way, has(command) ? command.role : null]);
    return { cmd, may: Object.fromEntries(may) as Record<Way, 'play' | 'admin' | null> };
  });
}

export function rolesText(): string {
  const rows = roleRows().map(({ cmd, may }) => [`\`${cmd}\``, ...Object.values(may).map((role) => role ?? '–')]);
  return paragraphs(
    '## Roles',
    'Who may send what. An admin may do all that `play` may; – means that there is no form. Each field of the table is a test.',
    `- Without tokens everyone on this machine has the role \`play\` over WebSocket and HTTP. \`foleyd token rotate play\` or \`--token\` asks everyone for one;
  \`foleyd token rotate admin\` or \`--admin-token\` gives the admin role to whoever has that. Beyond this machine the server only listens with a play token.
- The server leaves its address and a secret in \`machine.json\` of its data folder, which only the person who started it can read. It gives the admin role,
  on connections of this machine alone, while this server runs: so \`foleyd activate\` and the like need no flags. Over HTTP it is the token
  of the \`Authorization\` header; the snippets of admin commands take it from \`SECRET\` (the folder is the one of \`--data\`, by default
  \`~/.local/share/foleyd\` on Linux, \`~/Library/Application Support/foleyd\` on macOS, \`%LOCALAPPDATA%\\foleyd\` on Windows):
  \`SECRET=$(sed 's/.*"secret":"\\([^"]*\\)".*/\\1/' ~/.local/share/foleyd/machine.json)\`
- OSC carries no token: whoever is answered has the role \`play\`, or \`admin\` with \`--osc-role admin\`, which is for machines of one person.
  MIDI plays what is mapped.
- Only hashes of tokens are kept. A rotation counts at once: sockets that came with the old token are closed with 4401.
- Admin actions, their outcomes, and attempts that were refused are lines of \`admin.jsonl\` in the data folder, without secrets.
- With \`--tls-cert\` and \`--tls-key\` the same port speaks https and wss.`,
    table(['command', ...Object.values(ways).map(({ title }) => title)], rows),
  );
}
