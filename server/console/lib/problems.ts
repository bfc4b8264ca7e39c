import type { EventData } from '../../../protocol/commands/index.ts';

/** What the page knows of the server: null until it has answered. */
export interface Known {
  info: EventData<'server.info', 'done'> | null;
  devices: EventData<'device.list', 'done'> | null;
  health: { problem: string | null } | null;
  pools: Record<string, EventData<'server.watch', 'pool'>>;
}

/** What is wrong with the server and with this page's sound, each with what to do. */
export function problemsOf({ info, devices, health, pools }: Known, sound: string): string[] {
  const found: string[] = [];
  if (health?.problem != null) found.push(`The server is degraded: ${health.problem}.`);
  if (info !== null && info.engine.state !== 'ready')
    found.push(`The engine is ${info.engine.state}. Takes wait until it is ready; run "foleyd doctor" if this lasts.`);
  if (info !== null && info.engine.restarts > 0)
    found.push(
      `The engine was restarted ${info.engine.restarts === 1 ? 'once' : `${info.engine.restarts} times`} since the server started. The server's log says why.`,
    );
  const why = info?.playback?.problem;
  if (typeof why === 'string')
    found.push(`The server has no audio output: ${why}. Sound in this page works nevertheless.`);
  if (devices?.midi.problem != null)
    found.push(
      `No MIDI on the server: ${devices.midi.problem}. Or press "Use a MIDI keyboard" on Play to use one through this browser.`,
    );
  if (info !== null && info.ports.osc === null)
    found.push('OSC is off. Start the server with --osc-port to turn it on.');
  for (const pool of Object.values(pools))
    if (pool.problem !== null) found.push(`Map ${pool.map} gets no clips: ${pool.problem}`);
  if (sound !== '') found.push(sound);
  return found;
}
