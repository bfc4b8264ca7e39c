// `npm run scores`: measures the voice that comes with foleyd, as `foleyd fad` does, and keeps the result beside it in
// models/scores.jsonl, where every server finds it. To be run again when models/default is another voice. What is given
// after `--` goes to `foleyd fad`.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { ROOT } from './bootstrap.mjs';

// Its own data folder: what a user measured is not what foleyd comes with.
const data = mkdtempSync(path.join(tmpdir(), 'foleyd-scores-'));
try {
  const foleyd = path.join(ROOT, 'server', 'bin', 'foleyd.mjs');
  const models = path.join(ROOT, 'models');
  const args = [foleyd, 'fad', '--voice', 'default', '--models', models, '--data', data, ...process.argv.slice(2)];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status === 0) copyFileSync(path.join(data, 'scores.jsonl'), path.join(models, 'scores.jsonl'));
  process.exitCode = status ?? 1;
} finally {
  rmSync(data, { recursive: true, force: true });
}
