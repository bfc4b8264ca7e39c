/** A stub of Bitwig Studio, in which the test of foleyd.control.js runs the script. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import { createContext, runInContext } from 'node:vm';
import { decodePacket, type OscMessage } from '../../protocol/codecs/osc-packet.ts';
import { oscMessage } from '../../protocol/index.ts';

/** What a person sees and does of a script in Bitwig. */
export interface Studio {
  press(button: string): void;
  set(setting: string, value: string | number): void;
  select(slot: number): void;
  /** Resolves at the next file that is inserted, or text that pops up. */
  next(): Promise<{ slot: number; file: string } | { text: string }>;
  pinned(): boolean;
  /** What the script declares of the document, in its order; buttons have no value. */
  panel(): { label: string; value: string | number | null }[];
  close(): void;
}

/**
 * A stub of the part of Bitwig's API that foleyd.control.js calls, for its test: no Bitwig is here. UDP is real. What
 * else is called is an error.
 */
export async function stubStudio(source: string, ports: { send: number; reply: number }): Promise<Studio> {
  const values = new Map<string, string | number>();
  const buttons = new Map<string, () => void>();
  const socket = dgram.createSocket('udp4');
  const servers: dgram.Socket[] = [];
  const seen: ({ slot: number; file: string } | { text: string })[] = [];
  const events = new EventTarget();
  const tell = (what: (typeof seen)[number]) => {
    seen.push(what);
    events.dispatchEvent(new Event('seen'));
  };
  let [selected, pinned] = [-1, false];
  const isWatched = new Set<string>();
  /** Values can only be read where interest was marked in `init`, as in Bitwig. */
  const value = (name: string, read: () => unknown, write?: (to: never) => void) =>
    strict(name, {
      markInterested: () => isWatched.add(name),
      get: () => (isWatched.has(name) ? read() : fail(`${name}: not marked as interested`)),
      getRaw: read,
      ...(write === undefined ? {} : { set: write }),
    });
  const setting = (label: string, initial: string | number) => {
    if (!values.has(label)) values.set(label, initial);
    return value(label, () => values.get(label));
  };
  const settings = strict('Settings', {
    getNumberSetting: (label: string, ...rest: [string, number, number, number, string, number]) =>
      setting(label, rest[5]),
    getStringSetting: (label: string, _category: string, _chars: number, initial: string) => setting(label, initial),
    getSignalSetting: (label: string) =>
      strict('Signal', { addSignalObserver: (callback: () => void) => buttons.set(label, callback) }),
  });
  const panel: string[] = [];
  const documentState = new Proxy(settings, {
    get: (of, key) => {
      const member = Reflect.get(of, key) as (label: string, ...rest: unknown[]) => unknown;
      return (label: string, ...rest: unknown[]) => {
        panel.push(label);
        return member(label, ...rest);
      };
    },
  });
  const slot = (index: number) =>
    strict('ClipLauncherSlot', {
      isSelected: () => value(`slot ${index}`, () => selected === index),
      replaceInsertionPoint: () =>
        strict('InsertionPoint', { insertFile: (file: string) => tell({ slot: index, file }) }),
    });
  const methods = new Map<object, Map<string, (source: null, message: unknown) => void>>();
  const osc = strict('OscModule', {
    createAddressSpace: () => {
      const own = new Map<string, (source: null, message: unknown) => void>();
      const space = strict('OscAddressSpace', {
        registerMethod: (address: string, _types: string, _doc: string, callback: () => void) =>
          own.set(address, callback),
        registerDefaultMethod: (callback: () => void) => own.set('*', callback),
      });
      methods.set(space, own);
      return space;
    },
    createUdpServer: (port: number, space: object) => {
      const server = dgram.createSocket('udp4').bind(port, '127.0.0.1');
      servers.push(server);
      server.on('message', (datagram) => {
        for (const { messages } of decodePacket(datagram, Date.now()))
          for (const message of messages) {
            const own = methods.get(space);
            (own?.get(message.address) ?? own?.get('*'))?.(null, javaMessage(message));
          }
      });
    },
    connectToUdpServer: (host: string, port: number) =>
      strict('OscConnection', {
        sendMessage: (address: string, ...args: (string | number)[]) =>
          socket.send(oscMessage(address, ...args), port, host),
      }),
  });
  const context = createContext({
    loadAPI: (version: number) => version >= 10 || fail(`API ${version} is too old`),
    host: strict('ControllerHost', {
      setShouldFailOnDeprecatedUse: () => {},
      defineController: () => {},
      getPreferences: () => settings,
      getDocumentState: () => documentState,
      getOscModule: () => osc,
      showPopupNotification: (text: string) => tell({ text }),
      createCursorTrack: (_id: string, _name: string, _sends: number, scenes: number) =>
        strict('CursorTrack', {
          isPinned: () =>
            value(
              'pinned',
              () => pinned,
              (to: boolean) => (pinned = to),
            ),
          clipLauncherSlotBank: () =>
            strict('ClipLauncherSlotBank', {
              getItemAt: (index: number) => (index < scenes ? slot(index) : fail(`no slot ${index}`)),
            }),
        }),
    }),
  });
  values.set('OSC port of foleyd', ports.send).set('Port for its answers', ports.reply);
  runInContext(source, context);
  runInContext('init()', context);
  await Promise.all(servers.map((server) => once(server, 'listening')));
  return {
    press: (button) => (buttons.get(button) ?? fail(`no button ${button}`))(),
    set: (name, to) => values.set(name, to),
    select: (index) => (selected = index),
    async next() {
      if (seen.length === 0) await once(events, 'seen', { signal: AbortSignal.timeout(30_000) });
      return seen.shift() ?? fail('nothing was seen');
    },
    pinned: () => pinned,
    panel: () => panel.map((label) => ({ label, value: values.get(label) ?? null })),
    close() {
      runInContext('exit()', context);
      for (const one of [socket, ...servers]) one.close();
    },
  };
}

function javaMessage({ address, args }: OscMessage): object {
  return strict('OscMessage', {
    getAddressPattern: () => address,
    getString: (index: number) => {
      const arg = args[index];
      return arg?.type === 'string' ? arg.value : fail(`${address}: argument ${index} is no string`);
    },
  });
}

/** An object that has these members only. */
function strict(name: string, members: object): object {
  return new Proxy(members, {
    get: (target, key) => Reflect.get(target, key) ?? fail(`the stub has no ${name}.${String(key)}`),
  });
}

function fail(message: string): never {
  throw new Error(message);
}
