import assert from 'node:assert/strict';
import test from 'node:test';
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { type Answer, type Codec, isErrorCode, jsonCodec, msgpackCodec } from '../../../protocol/index.ts';
import { besideAnother } from '../support/bystander.ts';
import { newServer, type TestServer } from '../support/server.ts';
import { connectWs } from '../support/ws-client.ts';
import { args, changes, command, fuzzing, message, mutated } from './arbitraries.ts';

const small = { engine: { samples: 64 }, config: { limits: { clips: 64 } } };

/** What may be answered to whatever was sent. `internal` is none of it: nothing a client sends is a fault of the server. */
function assertSane({ event, data }: Pick<Answer, 'event' | 'data'>): void {
  if (event !== 'failed') return;
  assert.ok(isErrorCode(data.code) && data.code !== 'internal', JSON.stringify(data));
  assert.ok(typeof data.message === 'string' && data.message.length < 2000);
}

function assertNoFault(server: TestServer): void {
  assert.deepEqual(
    server.log().filter(({ level }) => Number(level) >= 50),
    [],
  );
}

const texts = fc.oneof(
  fc.tuple(message, changes).map(([value, edits]) => {
    const text = JSON.stringify(value) ?? '';
    return edits.length === 0 ? text : new TextDecoder().decode(mutated(new TextEncoder().encode(text), edits));
  }),
  fc.string({ maxLength: 64 }),
);
const frames = fc.oneof(
  fc.tuple(message, changes).map(([value, edits]) => {
    return mutated(encode(value, { ignoreUndefined: false }), edits);
  }),
  fc.uint8Array({ maxLength: 64 }),
);

for (const [codec, frame] of [
  [jsonCodec, texts],
  [msgpackCodec, frames],
] as [Codec, fc.Arbitrary<string | Uint8Array>][]) {
  test(`whatever frames come over ws-${codec.name}, the connection and the others go on`, async (t) => {
    const run = fuzzing(t);
    const server = await newServer(t, small);
    await besideAnother(server, async () => {
      const property = fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 12 }), async (sent) => {
        const client = await connectWs(server.app, codec);
        for (const one of sent) client.raw(one);
        const { event } = await client.ask('server.ping', {}, 'the-last-one').end;
        assert.equal(event, 'done');
        for (const stray of client.inbox.strays) assertSane(stray);
        await client.close();
      });
      await fc.assert(property, run);
    });
    assertNoFault(server);
  });
}

test('whatever bodies are posted, each has one answer with a known code', async (t) => {
  const run = fuzzing(t);
  const server = await newServer(t, small);
  await besideAnother(server, async () => {
    const body = fc.oneof(
      texts,
      args.map((value) => JSON.stringify(value) ?? ''),
    );
    const property = fc.asyncProperty(command.map(String), body, async (cmd, text) => {
      const url = `${server.app.urls.http}/v1/${encodeURIComponent(cmd).slice(0, 200)}`;
      const response = await fetch(url, { method: 'POST', body: text });
      const answer = (await response.json()) as Pick<Answer, 'event' | 'data'>;
      assert.ok(['done', 'failed'].includes(answer.event));
      assert.equal(answer.event === 'done', response.status === 200);
      assertSane(answer);
    });
    await fc.assert(property, run);
  });
  assertNoFault(server);
});
