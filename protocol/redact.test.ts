import assert from 'node:assert/strict';
import test from 'node:test';
import { z } from 'zod';
import { bin, secret } from './commands/define.ts';
import { withoutSecrets } from './redact.ts';

const args = z.strictObject({
  voice: z.string(),
  pin: secret(z.string().optional()),
  wave: bin('bytes'),
  nested: z.object({ list: z.array(z.object({ code: secret(z.number()), open: z.string() })) }).default({ list: [] }),
  more: z.looseObject({}).optional(),
});

test('what is declared secret is hidden wherever it stands, and so is what is named like a secret', () => {
  const given = {
    voice: 'mine',
    pin: '1234',
    wave: new Uint8Array(5),
    nested: { list: [{ code: 77, open: 'yes' }] },
    more: { Token: 'abc', deeper: [{ adminToken: ['x'], 'API-key': 1, note: 'n' }] },
  };
  assert.deepEqual(withoutSecrets({ args }, given), {
    voice: 'mine',
    pin: '(secret)',
    wave: '(5 bytes)',
    nested: { list: [{ code: '(secret)', open: 'yes' }] },
    more: { Token: '(secret)', deeper: [{ adminToken: '(secret)', 'API-key': '(secret)', note: 'n' }] },
  });
});

test('of a long text only its length is told', () => {
  assert.deepEqual(withoutSecrets({ args }, { voice: 'A'.repeat(700_000) }), { voice: '(700000 characters)' });
});

test('values without end are cut', () => {
  const ring: Record<string, unknown> = {};
  ring.ring = ring;
  assert.match(JSON.stringify(withoutSecrets({ args }, { more: ring })), /\(deep\)/);
});
