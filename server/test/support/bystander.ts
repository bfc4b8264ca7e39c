import assert from 'node:assert/strict';
import { isTerminal } from '../../../protocol/index.ts';
import type { TestServer } from './server.ts';
import { connectWs } from './ws-client.ts';

/**
 * Runs `abuse` while another client's clips are being made, before and after it, and checks that the other client got
 * everything in order and nothing that is not its own.
 */
export async function besideAnother<T>(server: TestServer, abuse: () => Promise<T>): Promise<T> {
  const other = await connectWs(server.app);
  const asked = [11, 12, 13].map((seed) => other.ask('foley.generate', { class: 'Rain', seed, count: 2 }));
  const result = await abuse();
  asked.push(other.ask('foley.generate', { class: 'Rain', seed: 14, count: 2 }));
  for (const { answers, end } of asked) {
    assert.equal((await end).event, 'done', JSON.stringify((await end).data));
    const rows = answers.filter(({ event }) => event === 'row').map(({ data }) => [data.index, data.row]);
    const expected = [0, 1].flatMap((index) => [0, 1, 2, 3, 4, 5, 6, 7].map((row) => [index, row]));
    assert.deepEqual(rows, expected);
    assert.equal(answers.filter(({ event }) => isTerminal(event)).length, 1);
  }
  assert.deepEqual(other.inbox.strays, []);
  await other.close();
  return result;
}

/** Waits until a line of the log has this code, and returns it. */
export async function logged(server: TestServer, code: string): Promise<Record<string, unknown>> {
  for (;;) {
    const line = server.log().find((entry) => entry.code === code);
    if (line !== undefined) return line;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
