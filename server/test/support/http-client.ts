import type { Answer } from '../../../protocol/index.ts';
import type { App } from '../../app.ts';
import { type Asked, Inbox, type TestClient } from './client.ts';

export interface HttpClient extends TestClient {
  /** Statuses by request id. */
  readonly status: Map<string, number>;
}

/** POST /v1/<cmd> per request; leaving (close) aborts the ones still open. */
export function connectHttp(app: App): HttpClient {
  const inbox = new Inbox();
  const leave = new AbortController();
  const status = new Map<string, number>();
  const post = async (id: string, cmd: string, args: unknown): Promise<void> => {
    const response = await fetch(`${app.urls.http}/v1/${cmd}`, {
      method: 'POST',
      body: JSON.stringify(args, asBase64),
      signal: leave.signal,
      headers: { 'content-type': 'application/json' },
    });
    status.set(id, response.status);
    const { event, data } = (await response.json()) as Pick<Answer, 'event' | 'data'>;
    inbox.take({ id, event, data });
  };
  return {
    status,
    inbox,
    ask(cmd, args = {}, id = inbox.newId()): Asked {
      const asked = inbox.expect(id);
      post(id, cmd, args).catch((error: unknown) => {
        if (!leave.signal.aborted) inbox.take({ id, event: 'failed', data: { code: 'fetch', message: String(error) } });
      });
      return asked;
    },
    close() {
      leave.abort();
      return Promise.resolve();
    },
  };
}

/** As a client of its own would put bytes into JSON. */
function asBase64(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}
