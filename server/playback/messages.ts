import type { Ending, VoiceSpec } from './mixer-voice.ts';

/** To the thread that mixes. */
export type ToMixer =
  | { type: 'sound'; sound: number; pcm: Float32Array }
  /** A sound that will come in parts; `frames` of it are kept. */
  | { type: 'grow'; sound: number; frames: number; waits: boolean }
  /** With `from` in place of what came from this frame on. */
  | { type: 'part'; sound: number; pcm: Float32Array; last: boolean; from?: number }
  | { type: 'drop'; sound: number }
  | { type: 'play'; sound: number; spec: Omit<VoiceSpec, 'pcm' | 'growing'> }
  | { type: 'stop'; voice: number; fade: number }
  | { type: 'stopAll'; fade: number }
  | { type: 'close' };

/** From it. `placed`: the frame at which a voice begins is certain. */
export type FromMixer =
  | { type: 'placed'; voice: number; frame: number; ms: number }
  | { type: 'ended'; voice: number; ending: Ending }
  | { type: 'paused'; voice: number }
  | {
      type: 'state';
      state: 'running' | 'headless' | 'failed';
      device: string | null;
      problem: string | null;
      rate: number;
      channels: number;
    }
  /** Where everything that is played is recorded. */
  | { type: 'recording'; path: string }
  /** Nothing is recorded any more, and why. */
  | { type: 'unrecorded'; why: string }
  | { type: 'closed' };
