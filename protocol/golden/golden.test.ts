import assert from 'node:assert/strict';
import test from 'node:test';
import { checkEvent, commandNames, commandOf, decodeOsc, jsonCodec, msgpackCodec, parseArgs } from '../index.ts';
import { type GoldenFile, readAll, recordAll } from './record.ts';

const files = await readAll();
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const golden = (name: string) => JSON.parse(files.get(`${name}.json`) ?? '{}') as GoldenFile;

test('every command has a recording and no recording is left over', () => {
  assert.deepEqual([...files.keys()].sort(), commandNames.map((name) => `${name}.json`).sort());
});

for (const [name, expected] of recordAll()) {
  test(`${name} is what the codecs write now (record.ts --write after a change that is meant)`, () => {
    assert.equal(files.get(name), expected);
  });
}

for (const name of commandNames) {
  const { example, osc } = commandOf(name);
  const { id = 'bark1' } = example;

  test(`${name}: recorded requests still mean the declared example`, () => {
    const { request } = golden(name);
    const expected = { id, cmd: name, args: example.args };
    assert.deepEqual(jsonCodec.decode(request.json), expected);
    assert.deepEqual(msgpackCodec.decode(bytes(request.msgpack)), expected);
    assert.doesNotThrow(() => parseArgs(name, example.args));
    if (osc === null) return;
    const [batch] = decodeOsc(bytes(request.osc?.[0] ?? ''), Date.now());
    const item = batch?.items[0];
    assert.equal(item?.kind, 'request');
    if (item?.kind !== 'request') return;
    assert.equal(item.cmd, name);
    assert.doesNotThrow(() => parseArgs(name, item.args));
  });

  test(`${name}: recorded answers still mean the declared examples, bytes included`, () => {
    for (const [event, data] of Object.entries<Record<string, unknown>>(example.events)) {
      assert.equal(checkEvent(name, event, data), null);
      const recorded = golden(name).events[event];
      const expected = { id, event, data };
      assert.deepEqual(jsonCodec.decodeAnswer(recorded?.json ?? ''), expected);
      assert.deepEqual(msgpackCodec.decodeAnswer(bytes(recorded?.msgpack ?? '')), expected);
    }
  });
}
