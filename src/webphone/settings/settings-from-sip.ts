/**
 * Settings a server sends along with any SIP message: `X-MParam: loglevel=5;aec=0` for this run, `X-MParamP` to keep
 * them. They are taken from the servers we are registered at only. Over UDP whoever forges an address is such a server,
 * so never for what would open the machine or make it a listening device: files, the control interface, web hooks,
 * accounts, encryption, recordings, streams, where SIP goes, calls that answer or forward themselves.
 * `acceptsettingsfromsip=0` turns it off.
 */
import type { SipTrace } from '../../base/diagnostics.js';
import { resolveName } from '../parameters/names.js';
import type { ParameterName } from '../parameters/parameters.js';
import type { ParameterSpec } from '../parameters/spec.js';
import type { SetResult, Settings } from './settings.js';
import { fromHeader } from './sources.js';

const HEADER = /^x-mparam(p?)[ \t]*:[ \t]*(.*)$/gim;
/** Whole groups that a server has no business in. */
const CLOSED_GROUPS: ReadonlySet<string> = new Set([
  'account',
  'api',
  'lifecycle',
  'logging',
  'recording',
  'security',
  'servers',
  'storage',
  'streaming',
  'transport',
]);
/** Of other groups: who hears us, and where calls go. */
const CLOSED_NAMES: ReadonlySet<string> = new Set<ParameterName>([
  'autoaccept',
  'autoacceptheader',
  'bargeinheader',
  'callforwardalways',
  'callforwardonbusy',
  'callforwardonnoanswer',
  'calltransferalways',
  'detectlanpeers',
  'enableautoaccept',
  'localip',
  'localsdpip',
  'numrewriterules',
  'numrewriterulesadv',
  'proxyaddress',
]);
/** In these groups, but harmless. */
const OPEN_NAMES: ReadonlySet<string> = new Set(['loglevel', 'registerinterval', 'rtpstat', 'stats']);

/**
 * Takes the settings of a received message.
 * @param isServer whether an address is one of a server of ours
 * @returns what came of each setting
 */
export function settingsFromSip(
  settings: Settings,
  trace: Pick<SipTrace, 'direction' | 'remote' | 'data'>,
  isServer: (host: string) => boolean,
): SetResult[] {
  if (trace.direction !== 'in' || settings.number('acceptsettingsfromsip') === 0) return [];
  const text = Buffer.from(trace.data.buffer, trace.data.byteOffset, trace.data.byteLength);
  const end = text.indexOf('\r\n\r\n');
  const head = text.toString('utf8', 0, end < 0 ? text.length : end);
  if (!/^x-mparam/im.test(head) || !isServer(trace.remote.host)) return [];
  return [...head.matchAll(HEADER)].flatMap(([, permanent, value]) =>
    fromHeader(value).map(([name, text]): SetResult => {
      const spec = resolveName(name)?.spec;
      if (spec && isClosed(spec)) return { ok: false, error: `${spec.name} is not taken from a server` };
      return settings.set(name, text, { origin: permanent ? 'sip-kept' : 'sip' });
    }),
  );
}

function isClosed({ name, group, type, secret }: ParameterSpec): boolean {
  if (secret || type === 'file' || CLOSED_NAMES.has(name)) return true;
  return CLOSED_GROUPS.has(group) && !OPEN_NAMES.has(name);
}
