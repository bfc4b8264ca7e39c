import { once } from 'node:events';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { CliError, exits } from '../errors.ts';
import { openSession, type SessionChoice } from '../open-session.ts';
import { createMcpServer } from './server.ts';
import { SELECTIONS, selectTools, type Tool, toolsFor } from './tools.ts';

export interface McpOptions {
  admin?: boolean;
  audio?: boolean;
  tools?: string;
}

/** `foleyd mcp`: serves the Model Context Protocol on stdin and stdout until stdin ends. */
export async function mcp({ admin, audio, tools = 'usual', ...choice }: McpOptions & SessionChoice): Promise<number> {
  const role = admin === true ? 'admin' : 'play';
  const offered = chosen(toolsFor(role), tools);
  const open = () => openSession({ ...choice, role });
  const server = createMcpServer({ open, tools: offered, audio: audio === true });
  const ended = once(process.stdin, 'close');
  await server.connect(new StdioServerTransport());
  await ended;
  await server.close();
  return exits.ok;
}

function chosen(tools: readonly Tool[], wanted: string): Tool[] {
  try {
    return selectTools(tools, wanted);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const names = [...SELECTIONS, ...tools.map(({ name }) => name)].join(', ');
    throw new CliError(
      'usage',
      `--tools: ${error.message}; expected some of ${names}, separated by commas, * for any text`,
    );
  }
}
