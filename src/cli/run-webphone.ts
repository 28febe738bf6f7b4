/**
 * Runs a phone without a window for `switchhook serve` and for the key=value form: settings of all sources, the control
 * server, webhooks, requests on standard input, and the call to make at once. Ends with API_Exit, with Ctrl-C, or with
 * the end of that call.
 */
import { randomUUID } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { systemClock } from '../base/clock.js';
import { SwitchhookError } from '../base/errors.js';
import {
  ControlServer,
  type ControlServerOptions,
  controlOptionsFrom,
  followHooks,
  followOutband,
  Webhooks,
} from '../server/index.js';
import {
  CONFIG_FILE,
  deviceId,
  fromEnvironment,
  fromFile,
  loadSettings,
  machineKey,
  packageVersion,
  resolveName,
  type SettingPair,
  type Settings,
  type SettingsKeeper,
  SettingsStore,
  unknownName,
  Webphone,
} from '../webphone/index.js';
import { autocall } from './autocall.js';
import { EXIT } from './exit-codes.js';
import { onInterrupt } from './interrupt.js';
import type { Output } from './output.js';
import { takeOnlyPlace } from './single-instance.js';

export const DEFAULT_CONTROL_PORT = 19422;
const WORK_FOLDER = 'mwphonedata';
/** Of the control server, and no settings of the phone. */
const SERVER_KEYS = ['wpapitoken', 'wpapiorigins'];

export interface RunOptions {
  /** From the command line. */
  pairs: readonly SettingPair[];
  /** What wins over the settings. */
  control?: ControlServerOptions;
  /** To listen on for TCP when neither those nor the settings name a port; default: none. */
  usualPort?: number;
  output: Output;
}

/** @throws ERR_INVALID_ARGUMENT for a setting there is not, ERR_CONTROL_LISTEN, ERR_CONTROL_TOKEN */
export async function runWebphone(options: RunOptions): Promise<number> {
  const { pairs, control = {}, usualPort, output } = options;
  const sources = readSources(pairs);
  const serverKey = (key: string): string | undefined =>
    [...sources.commandLine, ...sources.file, ...sources.environment].find(
      ([name]) => name.toLowerCase() === key,
    )?.[1];
  const keeper = await keptSettings(sources);
  const { settings } = keeper;
  if (settings.flag('autocall') && settings.text('callto') === '') {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: 'autocall=true needs callto=' });
  }
  const interrupt = onInterrupt();
  const place = settings.flag('singleinstance') ? await takeOnlyPlace(() => webphone.API_Exit()) : () => {};
  const webphone = new Webphone({ startsipstack: 0, settings, workFolder: WORK_FOLDER });
  const hooks = webhooksOf(webphone, keeper);
  let server: ControlServer | undefined;
  try {
    server = new ControlServer(webphone, {
      ...controlOptionsFrom(settings),
      ...(!settings.given('wpapilistenport') && { port: usualPort }),
      ...withoutUndefined(control),
      token: control.token ?? serverKey('wpapitoken') ?? process.env.SWITCHHOOK_TOKEN,
      origins: control.origins ?? serverKey('wpapiorigins')?.split(','),
      version: packageVersion(),
      logger: webphone.log.logger,
      ...(!output.json && { streams: { input: process.stdin, output: process.stdout } }),
    });
    await server.start();
    if (!control.outband) followOutband(settings, server);
    tell(server, output);
    const over = whenOver(webphone, settings, interrupt.signal, output);
    webphone.API_Start();
    return await over;
  } finally {
    hooks.close();
    await webphone.close();
    await server?.close();
    await keeper.close();
    place();
    interrupt.dispose();
  }
}

interface Sources {
  environment: SettingPair[];
  file: SettingPair[];
  commandLine: readonly SettingPair[];
}

function readSources(commandLine: readonly SettingPair[]): Sources {
  for (const [name] of commandLine) {
    if (resolveName(name) || SERVER_KEYS.includes(name.toLowerCase())) continue;
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: unknownName(name) });
  }
  const beside = [process.cwd(), dirname(resolve(process.argv[1]))].map((folder) =>
    join(folder, CONFIG_FILE),
  );
  const file = fromFile(beside);
  for (const line of file?.unread ?? [])
    process.stderr.write(`${file?.path}: line ${line} is not name=value and was passed over\n`);
  return { environment: fromEnvironment(process.env), file: file?.pairs ?? [], commandLine };
}

function keptSettings(sources: Sources): Promise<SettingsKeeper> {
  const ofPhone = (list: readonly SettingPair[]): SettingPair[] =>
    list.filter(([name]) => !SERVER_KEYS.includes(name.toLowerCase()));
  const folder = resolve(WORK_FOLDER);
  return loadSettings({
    sources: {
      environment: ofPhone(sources.environment),
      file: ofPhone(sources.file),
      commandLine: ofPhone(sources.commandLine),
    },
    store: new SettingsStore(join(folder, 'settings.dat'), machineKey(folder)),
    version: packageVersion(),
    clock: systemClock,
    onWarning: (text) => void process.stderr.write(`${text}\n`),
  });
}

function webhooksOf(webphone: Webphone, keeper: SettingsKeeper): Webhooks {
  const { settings } = keeper;
  const guid = String(keeper.learned('guid') ?? randomUUID());
  keeper.learn('guid', guid);
  const hooks = new Webhooks(webphone.notifications, {
    identity: () => ({
      username: settings.text('username'),
      serveraddress: settings.text('serveraddress'),
      deviceid: deviceId(),
      guid,
    }),
    logger: webphone.log.logger,
  });
  followHooks(settings, hooks);
  return hooks;
}

function tell(server: ControlServer, output: Output): void {
  const { tcp, udp } = server.addresses;
  const where = [
    tcp && `${tcp.host}:${tcp.port} (TCP, HTTP, WebSocket)`,
    udp && `${udp.host}:${udp.port} (UDP)`,
  ];
  output.event(
    'listening',
    `Control server on ${where.filter(Boolean).join(' and ') || 'no port'}`,
    { tcp, udp },
    'good',
  );
}

/** Resolves with the exit code when the phone is no longer wanted. */
function whenOver(
  webphone: Webphone,
  settings: Settings,
  signal: AbortSignal,
  output: Output,
): Promise<number> {
  return new Promise((done) => {
    signal.addEventListener('abort', () => done(settings.flag('autocall') ? EXIT.interrupted : EXIT.ok));
    webphone.notifications.subscribe((notification) => {
      if (output.json) output.event('notification', '', { notification: notification.toString() });
      if (notification.kind === 'STOP' && notification.what === 'api') done(EXIT.ok);
    }, 'all');
    if (settings.flag('autocall')) autocall(webphone, settings, done);
  });
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
