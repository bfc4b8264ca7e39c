import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { BUILT, buildConsole, isStale } from '../../../scripts/console.mjs';
import { type App, type AppParts, createApp } from '../../app.ts';
import { type ConfigInput, resolveConfig } from '../../config.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FIXTURES = path.join(ROOT, 'models', 'fixtures');
const names = [process.env.FOLEYD_CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'];

/** The browser of this machine, or null. */
export const browserPath: string | null = (() => {
  for (const name of names) {
    if (name === undefined) continue;
    const { stdout } = spawnSync('which', [name], { encoding: 'utf8' });
    if (stdout !== null && stdout.trim() !== '') return stdout.trim();
  }
  return null;
})();

/** Why a test in a browser is skipped, or false. */
export const noBrowser = browserPath === null ? 'chromium is not installed' : false;

/** A server with a small voice, the console built from the sources, and a browser. */
export class Stage {
  readonly dir = mkdtempSync(path.join(tmpdir(), 'foleyd-console-'));
  built = path.join(this.dir, 'console');
  app!: App;
  browser!: Browser;
  #port = 0;
  #given: ConfigInput = {};

  /** `anew`: builds the page even where one lies that is no older than its sources. */
  async open(given: ConfigInput = {}, anew = false): Promise<void> {
    if (!anew && !isStale(ROOT, BUILT)) this.built = BUILT;
    else await buildConsole(this.built);
    await this.serve(given);
    this.browser = await chromium.launch({
      executablePath: browserPath!,
      args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--mute-audio'],
    });
  }

  /** Starts the server, on the port that it had before. */
  async serve(given: ConfigInput = this.#given, parts: AppParts = {}): Promise<void> {
    this.#given = given;
    const config = resolveConfig(
      {
        data: path.join(this.dir, 'data'),
        models: FIXTURES,
        voice: 'tiny',
        logLevel: 'silent',
        output: 'none',
        port: this.#port,
        oscPort: 0,
        threads: 1,
        ...given,
      },
      {},
    );
    this.app = await createApp(config, { consoleFolder: this.built, ...parts });
    this.#port = this.app.ports.http!;
    await this.app.ready;
  }

  get url(): string {
    return this.app.urls.http!;
  }

  /** A page, and what its console complained of. `prepare` has it before it loads. */
  async page(
    at = '/',
    options: Parameters<Browser['newPage']>[0] = {},
    prepare: (page: Page) => Promise<unknown> = async () => undefined,
  ): Promise<{ page: Page; complaints: string[] }> {
    const page = await this.browser.newPage({ viewport: { width: 1280, height: 800 }, ...options });
    // Longer than anything takes on a busy machine.
    page.setDefaultTimeout(300_000);
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    // What runs a test's TypeScript names its functions with this.
    await page.addInitScript('globalThis.__name ??= (named) => named');
    await prepare(page);
    await page.goto(this.url + at);
    await page.waitForSelector('.link[data-state=open]');
    // The active voice is known.
    await page.waitForSelector('.right .voice:not(:empty)', { state: 'attached' });
    return { page, complaints };
  }

  async close(): Promise<void> {
    await this.browser?.close();
    await this.app?.close();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
