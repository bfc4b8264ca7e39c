import { mkdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { ProtocolError } from '../../protocol/index.ts';
import { noFile } from '../util/atomic-file.ts';
import { digestOf } from '../util/file-digest.ts';
import { readIfThere } from '../util/persistent-file.ts';

/**
 * Moves the folder that a trainer wrote to the voices, and resolves with the voice's hash. A server that dies in the
 * middle does it again, and finds it done. Rejects with already_exists, or training_failed.
 */
export async function adoptVoice(
  made: string,
  voices: string,
  { id, job }: { id: string; job: string },
): Promise<string> {
  const target = path.join(voices, id);
  const there = await cardOf(target);
  if (there !== null && there.retrained?.job !== job)
    throw new ProtocolError(
      'already_exists',
      `voice ${id} already exists; the new one was left in ${made}: import it from there under another id`,
    );
  if (there === null) {
    await checkGraphs(made);
    await mkdir(voices, { recursive: true });
    await rename(made, target);
  }
  return (there ?? (await cardOf(target)))?.hash ?? '';
}

type Card = { hash: string; retrained?: { job?: string }; graphs: Record<string, { file: string; sha256: string }> };

/** Null where there is none, or none that makes sense. Rejects with what the disk says. */
async function cardOf(folder: string): Promise<Card | null> {
  const text = await readIfThere(path.join(folder, 'card.json'));
  try {
    return text === null ? null : (JSON.parse(text) as Card);
  } catch {
    return null;
  }
}

/** Throws training_failed where a graph is not the one that the card names. */
async function checkGraphs(folder: string): Promise<void> {
  const card = await cardOf(folder);
  if (card === null)
    throw new ProtocolError('training_failed', `the trainer wrote no voice to ${folder}; its log says why`);
  for (const [name, { file, sha256 }] of Object.entries(card.graphs)) {
    const found = await readFile(path.join(folder, path.basename(file))).catch(noFile);
    if (found === null || digestOf(found) !== sha256)
      throw new ProtocolError(
        'training_failed',
        `the ${name} graph of the new voice does not match its card; start the training again`,
      );
  }
}
