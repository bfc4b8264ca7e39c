import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** A reason to skip where what builds the plugin, or one of `more`, is not installed. */
export function lacks(...more: string[]): string | false {
  if (process.platform !== 'linux') return 'the plugin is built on Linux only';
  const programs = ['cmake', 'make', 'g++', 'flock', ...more];
  const missing = programs.filter((name) => spawnSync('which', [name], { stdio: 'ignore' }).status !== 0);
  if (!existsSync('/usr/share/dpf/distrho/DistrhoPluginMain.cpp')) missing.push('dpf-source');
  return missing.length > 0 ? `${missing.join(', ')} not installed` : false;
}

/** Builds the plugin and its hosts, unless they are; files of tests that run side by side wait for each other. */
export function built(): void {
  const script = fileURLToPath(new URL('../build.mjs', import.meta.url));
  const lock = fileURLToPath(new URL('../../../build/plugin.lock', import.meta.url));
  mkdirSync(path.dirname(lock), { recursive: true });
  const { status, stdout, stderr } = spawnSync('flock', [lock, process.execPath, script, '--tests'], {
    encoding: 'utf8',
    timeout: 300_000,
  });
  assert.equal(status, 0, stdout + stderr);
}
