/**
 * Brings the settings of all sources together when a webphone starts, and keeps them from then on.
 *
 * In this order, later ones win: what was kept from the last run, environment (`wp_…`), configuration file, command
 * line. What the API and servers set while the phone runs comes after all of them. The kept ones are dropped first when
 * a reset rule says so: `resetsettings`, a higher `configversion`, another configuration, another program version.
 */
import { createHash } from 'node:crypto';
import type { Clock, Timer } from '../../base/clock.js';
import { resolveName } from '../parameters/names.js';
import type { SettingValue } from '../parameters/spec.js';
import { GLOBAL, type SettingOrigin, Settings } from './settings.js';
import type { KeptSettings, SettingsStore } from './settings-store.js';
import type { SettingPair } from './sources.js';

export interface SettingSources {
  environment?: readonly SettingPair[];
  file?: readonly SettingPair[];
  commandLine?: readonly SettingPair[];
}

export interface LoadOptions {
  sources?: SettingSources;
  /** Where settings are kept; without it nothing is. */
  store?: SettingsStore;
  /** Of this program, for `resetsettingsonversionchange`. */
  version: string;
  clock: Clock;
  encryptionKey?: string;
  /** What was not taken, does nothing yet, or could not be read or written. */
  onWarning?: (text: string) => void;
}

/** After a change it takes this long until it is on disk, so that many changes are one write. */
const SAVE_DELAY_MS = 500;

const ORDER = [
  ['environment', 'environment'],
  ['file', 'file'],
  ['commandLine', 'command line'],
] as const satisfies ReadonlyArray<readonly [keyof SettingSources, SettingOrigin]>;

export async function loadSettings(options: LoadOptions): Promise<SettingsKeeper> {
  const { sources = {}, store, version, onWarning = () => {} } = options;
  const configured = new Settings({ encryptionKey: options.encryptionKey });
  apply(configured, sources);
  const mode = configured.number('autocfgsave');
  const fingerprint = fingerprintOf(configured);
  let kept: KeptSettings | undefined;
  if (store && (mode === 2 || mode === 3)) {
    const loaded = await store.load();
    if (loaded.problem) onWarning(loaded.problem.message);
    kept = loaded.kept;
    if (kept && mustReset(configured, kept, version, fingerprint)) kept = undefined;
  }
  const settings = new Settings({ encryptionKey: options.encryptionKey });
  settings.on('warning', onWarning);
  for (const [key, value] of Object.entries(kept?.settings ?? {}))
    settings.set(key, value, { origin: 'cache' });
  apply(settings, sources);
  return new SettingsKeeper(settings, kept?.learned ?? {}, fingerprint, options);
}

/** Holds the settings, and what the phone has learned, and writes them when they have changed. */
export class SettingsKeeper {
  readonly settings: Settings;
  readonly #learned: Record<string, unknown>;
  readonly #fingerprint: string;
  readonly #options: LoadOptions;
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** @internal by {@link loadSettings} */
  constructor(
    settings: Settings,
    learned: Record<string, unknown>,
    fingerprint: string,
    options: LoadOptions,
  ) {
    this.settings = settings;
    this.#learned = learned;
    this.#fingerprint = fingerprint;
    this.#options = options;
    settings.on('change', ({ line, origin }) => {
      if (line === GLOBAL && origin !== 'sip') this.#touch();
    });
    settings.on('forgotten', (all) => {
      this.forget(all).catch((error: Error) => options.onWarning?.(error.message));
    });
    this.#touch();
  }

  /** Something found out in this run or one before. */
  learned(name: string): unknown {
    return this.#learned[name];
  }

  /** Remembers something for the next runs; undefined forgets it. */
  learn(name: string, value: unknown): void {
    if (value === undefined) delete this.#learned[name];
    else this.#learned[name] = value;
    this.#touch();
  }

  /** Forgets what was kept: the settings, and with `all` what was learned. @throws ERR_SETTINGS_FILE */
  async forget(all = false): Promise<void> {
    this.settings.clear(['api', 'sip-kept', 'cache']);
    if (all) for (const name of Object.keys(this.#learned)) delete this.#learned[name];
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#writes && Object.keys(this.#learned).length > 0) {
      this.#save();
      return this.#writing;
    }
    const deleted = this.#writing.then(() => this.#options.store?.delete());
    this.#writing = deleted.catch(() => {});
    await deleted;
  }

  /** Writes what is not yet on disk. Never throws; what went wrong is a warning. */
  async flush(): Promise<void> {
    if (this.#timer) this.#save();
    await this.#writing;
  }

  close(): Promise<void> {
    return this.flush();
  }

  get #writes(): boolean {
    const mode = this.settings.number('autocfgsave');
    return this.#options.store !== undefined && (mode === 1 || mode === 3);
  }

  #touch(): void {
    if (!this.#writes) return;
    this.#timer ??= this.#options.clock.after(SAVE_DELAY_MS, () => this.#save());
  }

  #save(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const { store, version, onWarning = () => {} } = this.#options;
    this.#writing = store!
      .save({
        version,
        configVersion: this.settings.number('configversion'),
        fingerprint: this.#fingerprint,
        settings: keptOf(this.settings),
        learned: this.#learned,
      })
      .catch((error: unknown) => onWarning((error as Error).message));
  }
}

function apply(settings: Settings, sources: SettingSources): void {
  for (const [source, origin] of ORDER) {
    const pairs = sources[source] ?? [];
    // The old switch says how the password beside it is encoded, wherever it stands.
    const first = pairs.filter(([name]) => resolveName(name)?.key === 'pwdencrypted');
    for (const [name, value] of [...first, ...pairs]) settings.set(name, value, { origin });
  }
}

function keptOf(settings: Settings): Record<string, SettingValue> {
  const kept: Record<string, SettingValue> = {};
  for (const { key, value } of settings.lasting()) {
    if (resolveName(key)?.spec.kept !== false) kept[key] = value;
  }
  return kept;
}

/** Of what was configured from outside; a hash, since passwords are among it. */
function fingerprintOf(configured: Settings): string {
  const entries = Object.entries(keptOf(configured)).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(entries)).digest('base64');
}

function mustReset(configured: Settings, kept: KeptSettings, version: string, fingerprint: string): boolean {
  if (configured.flag('resetsettings') && configured.origin('resetsettings') === 'command line') return true;
  if (configured.number('configversion') > kept.configVersion) return true;
  if (kept.fingerprint !== fingerprint) {
    const rule = configured.number('resetsettingsonconfigchange');
    if (rule === 4 || (rule === 2 && accountChanged(configured, kept))) return true;
  }
  if (kept.version !== version) {
    const rule = configured.number('resetsettingsonversionchange');
    // A guess: a release that only mends things leaves the settings as they are.
    if (rule === 4 || (rule === 2 && series(kept.version) !== series(version))) return true;
  }
  return false;
}

function accountChanged(configured: Settings, kept: KeptSettings): boolean {
  return (['serveraddress', 'username'] as const).some(
    (name) => configured.given(name) && configured.text(name) !== String(kept.settings[name] ?? ''),
  );
}

function series(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
