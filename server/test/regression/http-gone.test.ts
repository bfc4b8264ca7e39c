/** Clients of HTTP that left between their request and its turn: their sessions stayed for ever, and streams played on for nobody. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { type CommandName, commandNames } from '../../../protocol/index.ts';
import { Dispatcher, type Handler, type Handlers } from '../../dispatch/dispatcher.ts';
import { readCommand, serveOnce } from '../../network/transports/http-commands.ts';

for (const [how, closed, destroyed] of [
  ['whose response was closed before', true, false],
  ['whose connection was destroyed before its response had it', false, true],
] as const) {
  test(`nothing is begun for a client ${how}`, { timeout: 30_000 }, async () => {
    let begun = 0;
    const handler: Handler<CommandName> = () => {
      begun += 1;
      return {} as never;
    };
    const handlers = Object.fromEntries(commandNames.map((name) => [name, handler])) as unknown as Handlers;
    const dispatcher = new Dispatcher({ handlers, openRequests: 8, onFault: () => undefined });
    const request = { socket: { destroyed } } as unknown as IncomingMessage;
    const response = Object.assign(new EventEmitter(), { closed }) as unknown as ServerResponse;
    const read = () => readCommand('server.ping', Buffer.from('{}'));
    await serveOnce(request, response, 'play', { dispatcher }, read, () => undefined);
    assert.deepEqual([dispatcher.sessions, begun], [0, 0]);
  });
}
