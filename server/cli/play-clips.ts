import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { exits } from './errors.ts';
import { openSession, type SessionChoice } from './open-session.ts';
import { play } from './play.ts';
import type { Session } from './session.ts';

/** `foleyd play CLIPS`: saved clips by their ids, or WAV files, one after the other, on this machine. */
export async function playClips(what: readonly string[], options: SessionChoice): Promise<number> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'foleyd-play-'));
  let session: Session | null = null;
  try {
    for (const one of what) {
      if ((await stat(one).catch(() => null))?.isFile() === true) {
        await play(one);
        continue;
      }
      session ??= await openSession(options);
      const { clip } = await session.call('clip.get', { clip: one });
      const file = path.join(scratch, 'clip.wav');
      await writeFile(file, await session.clip(clip));
      await play(file, `clip ${clip.clip}`);
    }
    return exits.ok;
  } finally {
    await session?.close();
    await rm(scratch, { recursive: true, force: true });
  }
}
