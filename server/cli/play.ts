import { runChild } from '../util/run-child.ts';
import { CliError } from './errors.ts';

/** Plays a WAV and resolves when it has ended. Throws no_audio; the file is there in any case. */
export async function play(file: string, name = file, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const sink = env.FOLEYD_AUDIO_SINK;
  let problem: string | null;
  try {
    problem = await runChild<string | null>(new URL('./player.ts', import.meta.url), [file, ...(sink ? [sink] : [])]);
  } catch (error) {
    problem = `the player ${(error as Error).message}`;
  }
  if (problem !== null)
    throw new CliError(
      'no_audio',
      `${name} is saved but could not be played: ${problem}; foleyd doctor checks the audio output`,
    );
}
