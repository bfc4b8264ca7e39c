import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { encodePcm, msgpackCodec, type Request } from '../../../protocol/index.ts';

export const RATE = 22_050;

/** Speaks the protocol as a server does, but sends sound only when its test says so. */
export class Scripted {
  readonly requests: Request[] = [];
  url = '';
  /** Knows no `revise`. */
  older = false;
  readonly #server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'foley.v1.msgpack' });
  #socket: WebSocket | null = null;

  constructor(t: TestContext) {
    this.#server.on('connection', (socket) => {
      this.#socket = socket;
      socket.on('message', (bytes: Buffer) => {
        const request = msgpackCodec.decode(bytes);
        this.requests.push(request);
        if (request.cmd === 'foley.generate')
          this.answer(request, 'accepted', { job: 'j', seed: 1, voice: 'scripted' });
        else if (request.cmd === 'stream.start' && this.older && 'revise' in request.args)
          this.answer(request, 'failed', { code: 'bad_args', message: 'args.revise: unknown argument' });
        else if (request.cmd === 'stream.start')
          this.answer(request, 'accepted', { stream: `stream-${request.id}`, seed: 1, voice: 'scripted', rate: RATE });
        else if (request.cmd === 'foley.cancel') this.answer(request, 'done', {});
      });
    });
    t.after(() => {
      this.cut();
      this.#server.close();
    });
  }

  async up(): Promise<this> {
    await once(this.#server, 'listening');
    this.url = `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/ws`;
    return this;
  }

  /** The connection breaks. */
  cut(): void {
    this.#socket?.terminate();
  }

  answer({ id }: Request, event: string, data: Record<string, unknown>): void {
    this.#socket?.send(msgpackCodec.encode({ id, event, data }));
  }

  /** Samples `from` to `to` of a sound, and that it is whole where they reach its end. */
  part(request: Request, sound: Float32Array, from: number, to: number): void {
    const pcm = encodePcm(sound.subarray(from, to), 'f32');
    const about = { index: 0, offset: from, rate: RATE, channels: 1, format: 'f32' };
    this.answer(request, 'audio', { ...about, total: sound.length, pcm });
    if (to === sound.length) this.answer(request, 'done', { clip: 'c', seconds: to / RATE, clips: [] });
  }

  /** Samples of a sound without end. */
  flow(request: Request, sound: Float32Array, offset: number): void {
    const pcm = encodePcm(sound, 'f32');
    this.answer(request, 'audio', { step: 0, offset, rate: RATE, channels: 1, format: 'f32', pcm });
  }

  /** The request of this command that comes next, or came and was not taken yet. */
  async next(cmd: string, is: (args: Record<string, unknown>) => boolean = () => true): Promise<Request> {
    for (;;) {
      const at = this.requests.findIndex((one) => one.cmd === cmd && is(one.args));
      if (at >= 0) return this.requests.splice(at, 1)[0]!;
      await wait(2);
    }
  }
}

/** A tone with a level that never jumps. */
export function tone(seconds: number, hertz = 200, level = 0.3): Float32Array {
  return Float32Array.from(
    { length: Math.round(seconds * RATE) },
    (_, i) => level * Math.sin((2 * Math.PI * hertz * i) / RATE),
  );
}

/** The largest step from one sample to the next. */
export function roughest(sound: Float32Array): number {
  let most = 0;
  for (let i = 1; i < sound.length; i++) most = Math.max(most, Math.abs(sound[i]! - sound[i - 1]!));
  return most;
}
