import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import packageJson from '../package.json' with { type: 'json' };
import { ROOT } from './bootstrap.mjs';

const text = readFileSync(path.join(ROOT, '.github/workflows/ci.yml'), 'utf8');

test('the public CI runs commands that package.json has, on every system and version of Node that is promised', () => {
  const commands = [...text.matchAll(/run: npm (run )?([\w-]+)/g)].map(([, , name = '']) => name);
  assert.deepEqual([...new Set(commands)].sort(), ['ci', 'package', 'plugin', 'test']);
  for (const name of commands.filter((one) => one !== 'ci')) assert.ok(name in packageJson.scripts, name);
  const [, oldest = ''] = /^>=(\d+)$/.exec(packageJson.engines.node) ?? [];
  assert.match(text, new RegExp(`node: \\[${oldest}, 22, 24\\]`));
  assert.match(text, /os: \[ubuntu-latest, macos-latest, windows-latest\]/);
});

test('GitHub takes each issue form: it has a name, a description, and elements of known types with labels and ids of their own', () => {
  const folder = path.join(ROOT, '.github/ISSUE_TEMPLATE');
  const forms = readdirSync(folder).filter((name) => name !== 'config.yml');
  assert.deepEqual(forms.sort(), ['bug.yml', 'feature.yml', 'sound.yml']);
  for (const name of forms) {
    const form = readFileSync(path.join(folder, name), 'utf8');
    assert.match(form, /^name: \S.*\ndescription: \S.*\nlabels: \[.+\]\nbody:\n/, name);
    const elements = form.split(/^ {2}- type: /m).slice(1);
    const ids = elements.map((element) => /^ {4}id: (\w+)$/m.exec(element)?.[1]);
    for (const [i, element] of elements.entries()) {
      const [type = ''] = element.split('\n');
      assert.ok(['markdown', 'textarea', 'input', 'dropdown', 'checkboxes'].includes(type), `${name}: ${type}`);
      if (type === 'markdown') assert.match(element, /^ {6}value: \S/m, name);
      else assert.match(element, /^ {6}label: \S/m, `${name}: ${ids[i]}`);
      assert.equal(ids[i] === undefined, type === 'markdown', `${name}: element ${i}`);
    }
    assert.equal(new Set(ids).size, ids.length, name);
  }
});
