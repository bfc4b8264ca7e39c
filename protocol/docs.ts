import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { commandIndex, commandsText } from './docs/commands.ts';
import { connectText } from './docs/connect.ts';
import { paragraphs } from './docs/markdown.ts';
import { pythonText } from './docs/python.ts';
import { rolesText } from './docs/roles.ts';
import {
  envelopeText,
  errorsText,
  httpText,
  limitsText,
  oscQueryText,
  oscText,
  pcmText,
  voiceFileText,
  webSocketText,
} from './docs/rules.ts';
import { schemaText } from './docs/schema.ts';
import { anchorOf, sharedText } from './docs/shared.ts';

const docsFile = new URL('./PROTOCOL.md', import.meta.url);

/** PROTOCOL.md, whole, from the declarations. */
export function docsText(): string {
  const chapters = [
    connectText(),
    envelopeText(),
    paragraphs('## Commands', commandsText()),
    sharedText(),
    webSocketText(),
    pcmText(),
    oscText(),
    oscQueryText(),
    httpText(),
    voiceFileText(),
    rolesText(),
    errorsText(),
    limitsText(),
  ];
  return `${paragraphs(
    '<!-- Written by protocol/docs.ts from the declarations. Change those, then run: node --import tsx protocol/docs.ts --write -->',
    '# The protocol of foleyd',
    'One set of commands over WebSocket, OSC and HTTP. Everything listens on 127.0.0.1: 9247 (WebSocket and HTTP), 9248 (OSC). For programs, `schema.json` beside this file has the arguments and events of each command as JSON Schema.',
    contentsText(chapters),
    ...chapters,
  )}\n`;
}

function contentsText(chapters: readonly string[]): string {
  const titles = chapters.map((text) => /^## (.+)$/m.exec(text)?.[1] ?? '');
  return paragraphs('## Contents', titles.map((title) => `[${title}](${anchorOf(title)})`).join(' · '), commandIndex());
}

/** Every file that is written from the declarations, and what it says. */
export const written: readonly { file: URL; text: () => string }[] = [
  { file: docsFile, text: docsText },
  { file: new URL('./schema.json', import.meta.url), text: schemaText },
  { file: new URL('./python/foleyd/declarations.py', import.meta.url), text: pythonText },
];

async function main(mode: string | undefined): Promise<void> {
  if (mode !== '--write' && mode !== '--check') throw new Error('usage: docs.ts --write | --check');
  for (const { file, text } of written) {
    if (mode === '--write') await writeFile(file, text());
    else if ((await readFile(file, 'utf8')) !== text()) {
      console.error(
        `${fileURLToPath(file)} is not what the declarations say; run: node --import tsx protocol/docs.ts --write`,
      );
      process.exitCode = 1;
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv[2]);
