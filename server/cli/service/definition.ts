import path from 'node:path';

/** What shall run whenever the user is logged in. */
export interface Service {
  /** Program and arguments. */
  command: readonly string[];
  /** Where it runs: what relative paths among the arguments start from. */
  folder: string;
}

/** Definition of a service for a system's service manager: the file that it reads, and the commands that load it. */
export interface Definition {
  file: { path: string; text: string } | null;
  install: readonly (readonly string[])[];
  remove: readonly (readonly string[])[];
  /** Run once the file is gone. */
  removed: readonly (readonly string[])[];
  status: readonly string[];
}

export const NAME = 'foleyd';
/** What schtasks takes. */
const LONGEST_TASK = 261;

export interface System {
  platform: NodeJS.Platform;
  home: string;
  /** Of the user; null on Windows. */
  uid: number | null;
  /** XDG_CONFIG_HOME. */
  config?: string | undefined;
}

/** Throws a RangeError where the system cannot take this command. */
export function definitionOf(service: Service, system: System): Definition {
  if (system.platform === 'darwin') return launchd(service, system);
  if (system.platform === 'win32') return scheduledTask(service);
  return systemd(service, system);
}

/** A user unit: systemd.service(5), systemd.exec(5); quoting and specifiers: systemd.syntax(7), systemd.unit(5). */
function systemd(
  { command, folder }: Service,
  { home, config = path.posix.join(home, '.config') }: System,
): Definition {
  const unit = `${NAME}.service`;
  const plain = (text: string): string => text.replaceAll('%', '%%');
  const quoted = (text: string): string =>
    `"${plain(text)
      .replaceAll('\\', '\\\\')
      .replaceAll('"', '\\"')
      .replaceAll('$', () => '$$')}"`;
  const systemctl = (...args: string[]): string[] => ['systemctl', '--user', ...args];
  return {
    file: {
      path: path.posix.join(config, 'systemd', 'user', unit),
      text: `[Unit]
Description=foleyd: Foley on demand
After=pipewire.service pulseaudio.service

[Service]
ExecStart=${command.map(quoted).join(' ')}
WorkingDirectory=${plain(folder)}
Restart=on-failure
RestartSec=5
NoNewPrivileges=yes

[Install]
WantedBy=default.target
`,
    },
    install: [systemctl('daemon-reload'), systemctl('enable', unit), systemctl('restart', unit)],
    remove: [systemctl('disable', '--now', unit)],
    removed: [systemctl('daemon-reload')],
    status: systemctl('status', '--no-pager', unit),
  };
}

/** A launch agent: launchd.plist(5). */
function launchd({ command, folder }: Service, { home, uid }: System): Definition {
  const text = (value: string): string =>
    `<string>${value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</string>`;
  const domain = `gui/${uid ?? 0}`;
  const file = path.posix.join(home, 'Library', 'LaunchAgents', `${NAME}.plist`);
  const log = path.posix.join(home, 'Library', 'Logs', `${NAME}.log`);
  return {
    file: {
      path: file,
      text: `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>${text(NAME)}
  <key>ProgramArguments</key>
  <array>
${command.map((part) => `    ${text(part)}`).join('\n')}
  </array>
  <key>WorkingDirectory</key>${text(folder)}
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
  <key>StandardOutPath</key>${text(log)}
  <key>StandardErrorPath</key>${text(log)}
</dict>
</plist>
`,
    },
    install: [['launchctl', 'bootstrap', domain, file]],
    remove: [['launchctl', 'bootout', `${domain}/${NAME}`]],
    removed: [],
    status: ['launchctl', 'print', `${domain}/${NAME}`],
  };
}

/** A task that runs when the user logs in; it has no folder of its own. */
function scheduledTask({ command }: Service): Definition {
  const line = command.map((part) => (/[\s"]/.test(part) ? `"${part}"` : part)).join(' ');
  if (command.some((part) => part.includes('"')))
    throw new RangeError('an argument contains a quotation mark, which the task scheduler does not accept');
  if (line.length > LONGEST_TASK)
    throw new RangeError(
      `the command has ${line.length} characters; the task scheduler accepts at most ${LONGEST_TASK}`,
    );
  return {
    file: null,
    install: [
      ['schtasks', '/Create', '/F', '/SC', 'ONLOGON', '/RL', 'LIMITED', '/TN', NAME, '/TR', line],
      ['schtasks', '/Run', '/TN', NAME],
    ],
    remove: [
      ['schtasks', '/End', '/TN', NAME],
      ['schtasks', '/Delete', '/F', '/TN', NAME],
    ],
    removed: [],
    status: ['schtasks', '/Query', '/TN', NAME, '/V', '/FO', 'LIST'],
  };
}
