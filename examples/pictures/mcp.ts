/** What a host and `foleyd mcp` said to each other: the client of the protocol's own SDK asks, the answers are as they came. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { BIN } from '../../server/cli/test/bin.ts';
import { type Draw, words, write } from './svg.ts';

const COLUMNS = 98;

export const mcp: Draw = async ({ env, dir }) => {
  const given = Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  const client = new Client({ name: 'picture', version: '1' });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [BIN, 'mcp'], env: given }));
  const lines: { text: string; asked: boolean }[] = [];
  const say = (text: string, asked = false): void => {
    for (let rest = `${asked ? '->' : '  '} ${text}`; rest !== ''; rest = rest === '' ? '' : `      ${rest}`) {
      lines.push({ text: rest.slice(0, COLUMNS), asked });
      rest = rest.slice(COLUMNS);
    }
  };
  const shortened = (text: string): string => text.replaceAll(`${dir}/data`, '~/.local/share/foleyd');
  const call = async (name: string, args: Record<string, unknown>): Promise<CallToolResult> => {
    say(`tools/call ${name} ${JSON.stringify(args)}`, true);
    const onprogress = ({ message = '' }): void => void rows.push(message);
    const rows: string[] = [];
    const answer = (await client.callTool({ name, arguments: args }, undefined, { onprogress })) as CallToolResult;
    if (rows.length > 0) say(`progress: ${rows[0]}, ${rows[1]} ... ${rows.at(-1)}`);
    for (const one of answer.content) {
      if (one.type === 'text') say(shortened(one.text));
      if (one.type === 'resource_link') say(`resource ${one.uri} (${one.mimeType})`);
    }
    return answer;
  };
  try {
    say('tools/list', true);
    const { tools } = await client.listTools();
    say(tools.map(({ name }) => name).join(' '));
    await call('foley_generate', { class: 'heel steps on gravel', seed: 42 });
    await call('foley_generate', { class: 'thunder' });
    const height = 20 + lines.length * 17;
    const shapes = lines.map(({ text, asked }, i) =>
      words(14, 24 + i * 17, text, { fill: asked ? '#ffd166' : '#e8e6e0', size: 13 }),
    );
    write('mcp/picture.svg', 820, height, shapes, '#1f2328');
  } finally {
    await client.close();
  }
};
