import type { ArgsInput, CommandName, EventData, Events } from '../../protocol/index.ts';

type SavedClip = Pick<EventData<'foley.generate', 'done'>['clips'][number], 'clip' | 'url' | 'path'>;

/** The data of the event that ends a command well. */
export type Done<N extends CommandName> = EventData<N, Extract<Events<N>, 'done'>>;
export type OnEvent = (event: string, data: Record<string, unknown>) => void;

/** A foleyd that takes commands, here or in a server. */
export interface Session {
  /** Where: an address, or `this process`. */
  readonly where: string;
  /**
   * The data of `done`; throws an error with a code for `failed`. `onEvent` receives the events before it. Aborting the
   * signal cancels the request.
   */
  call<N extends CommandName>(cmd: N, args: ArgsInput<N>, onEvent?: OnEvent, signal?: AbortSignal): Promise<Done<N>>;
  /** The WAV of a clip that was saved. */
  clip(clip: SavedClip): Promise<Uint8Array>;
  /** Ends what is still open. */
  close(): Promise<void>;
}
