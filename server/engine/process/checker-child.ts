/** Where voices of unknown origin are tried. */
import { constants } from 'node:os';
import { VoiceEncoder } from '../inference/encoder.ts';
import { generateClip } from '../inference/generate-clip.ts';
import { tryVoice } from '../inference/self-test.ts';
import { Voice } from '../inference/voice.ts';
import { serveTasks } from './serve-tasks.ts';

async function check(dir: string): Promise<null> {
  const voice = await Voice.open(dir, { provider: 'cpu', threads: 1 });
  try {
    const { audio, classes } = voice.card;
    await tryVoice(
      (request) =>
        generateClip(
          voice,
          request,
          () => undefined,
          () => false,
        ),
      { dir, classCount: classes.length, rate: audio.rate },
    );
    const encoder = await VoiceEncoder.open(dir);
    try {
      await encoder.encode(new Float32Array(audio.samples), audio.rate);
    } finally {
      await encoder.close();
    }
  } finally {
    await voice.close();
  }
  return null;
}

serveTasks(check, constants.priority.PRIORITY_LOW);
