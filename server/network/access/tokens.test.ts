import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import { temporary } from '../../test/support/server.ts';
import { readTokens, removeToken, rotateToken, Tokens, type TokensOptions, tokensFile } from './tokens.ts';

const unauthorized = { code: 'unauthorized' };

async function tokens(t: TestContext, more: Partial<TokensOptions> = {}) {
  const data = await temporary(t);
  const problems: string[] = [];
  const open = () =>
    new Tokens({
      data,
      given: {},
      machine: null,
      strict: false,
      log: (_: string, message: string) => problems.push(message),
      ...more,
    });
  return { data, open, problems };
}

test('only a hash is kept, in a file of its owner alone', async (t) => {
  const { data } = await tokens(t);
  const made = await rotateToken(data, 'admin');
  assert.ok(Buffer.from(made, 'base64url').length === 32);
  assert.ok(!(await readFile(tokensFile(data), 'utf8')).includes(made));
  if (process.platform !== 'win32') assert.equal((await stat(tokensFile(data))).mode & 0o777, 0o600);
});

test('without any token everyone plays, and a token that nobody made is wrong', async (t) => {
  const known = (await tokens(t)).open();
  assert.equal(known.isOpen, true);
  assert.equal(known.grant(null, true).role, 'play');
  assert.throws(() => known.grant('anything', true), unauthorized);
});

test('a rotation is known at once: the new token counts, the old one and what it gave do not', async (t) => {
  const { data, open } = await tokens(t);
  const known = open();
  const nobody = known.grant(null, true);
  const [play, admin] = [await rotateToken(data, 'play'), await rotateToken(data, 'admin')];
  assert.throws(() => known.grant(null, true), unauthorized);
  assert.equal(nobody.holds(), false);
  assert.equal(known.isOpen, false);
  assert.equal(open().isOpen, false, 'a server that starts knows it before anyone asks');
  const [player, boss] = [known.grant(play, false), known.grant(admin, false)];
  assert.deepEqual([player.role, boss.role], ['play', 'admin']);
  const next = await rotateToken(data, 'admin');
  assert.throws(() => known.grant(admin, false), unauthorized);
  assert.equal(known.grant(next, false).role, 'admin');
  assert.deepEqual([player.holds(), boss.holds()], [true, false]);
  assert.equal(await removeToken(data, 'play'), true);
  assert.equal(await removeToken(data, 'play'), false);
  assert.equal(known.grant(null, false).role, 'play');
  assert.throws(() => known.grant(play, false), unauthorized);
});

test('whoever is connected and silent hears of a rotation', async (t) => {
  const { data, open } = await tokens(t);
  const known = open();
  const told = new Promise<void>((resolve) => t.after(known.watch(resolve)));
  const grant = known.grant(null, true);
  await rotateToken(data, 'play');
  // The watch itself keeps no process alive.
  const wait = setInterval(() => undefined, 1000);
  await told;
  clearInterval(wait);
  assert.equal(grant.holds(), false);
});

test('a token given at the start goes before the one that is kept', async (t) => {
  const { data, open } = await tokens(t, { given: { play: 'given-to-all', admin: 'given-to-admins' } });
  const kept = await rotateToken(data, 'admin');
  const known = open();
  assert.throws(() => known.grant(kept, true), unauthorized);
  assert.throws(() => known.grant(null, true), unauthorized);
  assert.deepEqual(
    ['given-to-all', 'given-to-admins'].map((token) => known.grant(token, true).role),
    ['play', 'admin'],
  );
});

test('the secret of this machine gives the admin role here, and nothing to those who come over the network', async (t) => {
  const known = (await tokens(t, { machine: 'the secret of this machine' })).open();
  assert.equal(known.grant('the secret of this machine', true).role, 'admin');
  assert.throws(() => known.grant('the secret of this machine', false), unauthorized);
  assert.equal(known.grant(null, true).role, 'play');
});

test('a server open to others stays shut when its play token is removed', async (t) => {
  const { data, open } = await tokens(t, { strict: true });
  const play = await rotateToken(data, 'play');
  const known = open();
  const grant = known.grant(play, false);
  await removeToken(data, 'play');
  assert.throws(() => known.grant(null, false), unauthorized);
  assert.equal(grant.holds(), false);
});

test('a file that cannot be read opens nothing', async (t) => {
  const { data, open, problems } = await tokens(t);
  await writeFile(tokensFile(data), '{"play":');
  const known = open();
  assert.throws(() => known.grant(null, true), unauthorized);
  assert.equal(problems.length, 1);
  assert.throws(() => readTokens(data));
  await writeFile(tokensFile(data), '{}');
  assert.equal(known.grant(null, true).role, 'play');
});
