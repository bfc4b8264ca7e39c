import { isIP } from 'node:net';

/** What a person allows: pages, names of the server, senders of OSC. Each is read once, and refused where it could match nothing. */

type Read = { value: string } | { problem: string };

/**
 * The origin of a page as browsers send it: scheme, host and port, in small letters and without the usual port.
 * Programs that are made of pages (Tauri, extensions) have schemes of their own; pages from files send `null`.
 */
export function readOrigin(text: string): Read {
  const like = 'expected an origin such as https://daw.example or http://localhost:3000';
  if (text === 'null') return { value: text };
  if (text === '*') return { problem: 'expected single origins; * would allow every web page' };
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#@\s]+)\/?$/i.exec(text) ?? [];
  if (rest === '' || !URL.canParse(text))
    return { problem: scheme === '' && !text.includes('://') ? `${like}: the scheme is missing` : like };
  if (/^(file|wss?|ftp)$/i.test(scheme))
    return {
      problem: `no page has an origin of ${scheme.toLowerCase()}://; ${like}, or null for pages opened from files`,
    };
  const { origin } = new URL(text);
  return { value: origin === 'null' ? `${scheme.toLowerCase()}://${rest}` : origin };
}

/** A name or address that the server is called by, without a port. */
export function readHostName(text: string): Read {
  const name = text.replace(/^\[|\]$/g, '');
  if (isIP(name) !== 0 || /^[a-z0-9._-]+$/i.test(name)) return { value: name };
  return { problem: 'expected a host name such as studio.local, without scheme and port' };
}

/** The address of a sender of OSC. */
export function readAddress(text: string): Read {
  const address = text.replace(/^\[|\]$/g, '');
  if (isIP(address) === 0) return { problem: 'expected an IP address such as 192.168.1.20' };
  return { value: address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '') };
}
