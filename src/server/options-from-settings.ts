/** The settings of the control server (`wpapi…`, `canuseudpnotifications`) as its options. */
import type { Settings, SettingsReader } from '../webphone/index.js';
import type { ControlServer, ControlServerOptions } from './control-server.js';
import type { OutbandOptions } from './transports/outband-notifier.js';

export type ControlSettings = Pick<ControlServerOptions, 'host' | 'port' | 'udpPort' | 'outband'>;

export function controlOptionsFrom(settings: SettingsReader): ControlSettings {
  const udpPort = portOf(settings.number('wpapiudplistenport'));
  return {
    host: hostOf(settings.text('wpapilistenip')),
    port: portOf(settings.number('wpapilistenport')),
    udpPort,
    outband: outbandFrom(settings, udpPort !== undefined),
  };
}

const OUTBAND: readonly string[] = ['wpapiconnectport', 'canuseudpnotifications'];

/** Tells `server` when other notifications are wanted at a port that has not asked. */
export function followOutband(settings: Settings, server: Pick<ControlServer, 'tellOutband'>): void {
  settings.on('change', ({ name }) => {
    if (OUTBAND.includes(name)) server.tellOutband(controlOptionsFrom(settings).outband);
  });
}

function hostOf(text: string): string {
  const host = text.trim().toLowerCase();
  if (host === '') return '127.0.0.1';
  return host === 'all' ? '0.0.0.0' : host;
}

/** 0 is none. */
function portOf(port: number): number | undefined {
  return port > 0 && port <= 65_535 ? port : undefined;
}

/** 0 no, 1 while nobody has asked over UDP, 2 always, more: always and from that port. */
function outbandFrom(settings: SettingsReader, udp: boolean): OutbandOptions | undefined {
  const mode = settings.number('canuseudpnotifications');
  const port = portOf(settings.number('wpapiconnectport'));
  if (port === undefined || mode <= 0 || (mode === 1 && !udp)) return undefined;
  if (mode === 1) return { port, when: 'unheard' };
  return { port, when: 'always', ...(mode > 2 && { localPort: portOf(mode) }) };
}
