import { homedir } from 'node:os';
import path from 'node:path';

/**
 * Where each system keeps a program's own files: XDG on Linux, Application Support on macOS, LocalAppData on Windows. Without
 * env-paths: it accepts a relative XDG_DATA_HOME, which the specification says to ignore, and reads the process's environment
 * alone.
 */
export function defaultDataDir(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): string {
  const home = homedir();
  if (platform === 'win32') return path.join(env.LOCALAPPDATA ?? path.join(home, 'AppData', 'Local'), 'foleyd');
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'foleyd');
  const xdg = env.XDG_DATA_HOME;
  return path.join(xdg !== undefined && path.isAbsolute(xdg) ? xdg : path.join(home, '.local', 'share'), 'foleyd');
}
