import type { Ending, VoiceSpec } from './mixer.ts';

/** To the thread that mixes. */
export type ToMixer =
  | { type: 'sound'; sound: number; pcm: Float32Array }
  | { type: 'drop'; sound: number }
  | { type: 'play'; sound: number; spec: Omit<VoiceSpec, 'pcm'> }
  | { type: 'stop'; voice: number; fade: number }
  | { type: 'stopAll'; fade: number }
  | { type: 'close' };

/** From it. `placed`: the frame at which a voice begins is certain. */
export type FromMixer =
  | { type: 'placed'; voice: number; frame: number; ms: number }
  | { type: 'ended'; voice: number; ending: Ending }
  | {
      type: 'state';
      state: 'running' | 'headless' | 'failed';
      device: string | null;
      problem: string | null;
      rate: number;
      channels: number;
    }
  | { type: 'closed' };
