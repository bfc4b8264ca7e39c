import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { TestClient } from '../support/client.ts';
import { newServer, type TestServer, type TestServerOptions } from '../support/server.ts';
import { type Lacks, transports } from './transports.ts';

export interface Setup {
  server: TestServer;
  client: TestClient;
  /** Another client of the same transport. */
  another: () => Promise<TestClient>;
}

/** One suite for every transport. A transport that cannot do what a test is about skips it and says why. */
export function contract(
  name: string,
  needs: (keyof Lacks)[],
  run: (s: Setup) => Promise<void>,
  options: TestServerOptions = {},
): void {
  for (const { name: transport, connect, lacks } of transports) {
    const skip = needs.map((need) => lacks[need]).find((reason) => reason !== undefined);
    test(`${transport}: ${name}`, { skip: skip ?? false }, async (t: TestContext) => {
      const server = await newServer(t, options);
      const clients: TestClient[] = [];
      const another = async (): Promise<TestClient> => {
        const client = await connect(server.app);
        clients.push(client);
        t.after(() => client.close());
        return client;
      };
      await run({ server, client: await another(), another });
      // Nothing came after an end, to nobody's request, or to a client that did not ask.
      for (const { inbox } of clients) assert.deepEqual(inbox.strays, []);
    });
  }
}
