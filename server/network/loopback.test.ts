import assert from 'node:assert/strict';
import test from 'node:test';
import { isLoopback } from './loopback.ts';

test('loopback is known by its names and not by what merely contains them', () => {
  for (const host of [
    '127.0.0.1',
    '127.8.9.1',
    'localhost',
    'LOCALHOST',
    'localhost.',
    '::ffff:7f00:1',
    '::1',
    '[::1]',
    '::ffff:127.0.0.1',
  ]) {
    assert.ok(isLoopback(host), host);
  }
  for (const host of [
    '0.0.0.0',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '10.0.0.1',
    '::',
    'fe80::1%eth0',
    '127.0.0.999',
    '',
  ]) {
    assert.ok(!isLoopback(host), host);
  }
});
