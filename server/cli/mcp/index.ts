import { once } from 'node:events';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { exits } from '../errors.ts';
import { openSession, type SessionChoice } from '../session.ts';
import { createMcpServer } from './server.ts';

export interface McpOptions {
  admin?: boolean;
  audio?: boolean;
}

/** `foleyd mcp`: serves the Model Context Protocol on stdin and stdout until stdin ends. */
export async function mcp({ admin, audio, ...choice }: McpOptions & SessionChoice): Promise<number> {
  const role = admin === true ? 'admin' : 'play';
  const server = createMcpServer({ open: () => openSession({ ...choice, role }), role, audio: audio === true });
  const ended = once(process.stdin, 'close');
  await server.connect(new StdioServerTransport());
  await ended;
  await server.close();
  return exits.ok;
}
