/**
 * Settings that are changed while the phone runs: what it does by itself, what its calls from now on are like, how those
 * there are are held, its presence, lamps, voice mail and messages. What the application has given as an option of the
 * phone wins over settings, as it does at the start. Made once by Webphone; what takes effect with the next start is not
 * looked at here.
 */
import type { LivePhoneOptions, Phone, PhoneOptions } from '../phone/index.js';
import { liveHoldOptions } from './mapping/call-options.js';
import { immediatePhoneOptions, livePhoneOptions } from './mapping/phone-options.js';
import type { ParameterName } from './parameters/parameters.js';
import { shownSetting } from './settings/redact.js';
import { GLOBAL, type Settings } from './settings/settings.js';
import type { WebphoneParts } from './webphone-context.js';

type Parts = Pick<WebphoneParts, 'stack' | 'desk' | 'logger' | 'folders'>;
type Section = keyof LivePhoneOptions;

const OF_HOLD: ReadonlySet<string> = new Set<ParameterName>([
  'holdtype',
  'holdexplicit',
  'muteonhold',
  'defmute',
  'acceptholdchange',
]);

export class LiveSettings {
  readonly #settings: Settings;
  readonly #parts: Parts;
  readonly #given: PhoneOptions;
  /** What the phone was told last, section by section. */
  #applied = new Map<Section, string>();
  #due = false;

  constructor(settings: Settings, parts: Parts, given: PhoneOptions) {
    this.#settings = settings;
    this.#parts = parts;
    this.#given = given;
    parts.stack.on('made', () => {
      this.#applied = new Map(this.#later().map(([section, , print]) => [section, print]));
    });
    settings.on('change', ({ name, key, value, line, origin }) => {
      parts.logger.debug('setting changed', { key, value: shownSetting(key, value), line, origin });
      const { phone } = parts.stack;
      if (line !== GLOBAL || !phone) return;
      this.#configure(
        phone,
        Object.fromEntries(this.#free(immediatePhoneOptions(settings, parts.folders.find))),
      );
      if (OF_HOLD.has(name)) this.#holdAnew();
      this.#soon(phone);
    });
  }

  /** The calls there are as well. */
  #holdAnew(): void {
    const { desk } = this.#parts;
    for (const call of desk.calls)
      call.configureHold(liveHoldOptions(this.#settings.forLine(desk.lineOf(call))));
  }

  /** Many settings changed at once are one change for the phone. */
  #soon(phone: Phone): void {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      if (this.#parts.stack.phone !== phone) return;
      for (const [section, options, print] of this.#later()) {
        if (this.#applied.get(section) === print) continue;
        this.#applied.set(section, print);
        this.#configure(phone, { [section]: options });
      }
    });
  }

  #configure(phone: Phone, changes: LivePhoneOptions): void {
    try {
      phone.configure(changes);
    } catch (error) {
      this.#parts.logger.warn('a setting could not be applied', { what: Object.keys(changes).join(), error });
    }
  }

  #later(): Array<[section: Section, options: unknown, print: string]> {
    return this.#free(livePhoneOptions(this.#settings)).map(([section, options]) => [
      section,
      options,
      JSON.stringify(options) ?? '',
    ]);
  }

  /** What the application leaves to the settings. */
  #free(options: LivePhoneOptions): Array<[section: Section, options: unknown]> {
    return (Object.entries(options) as Array<[Section, unknown]>).filter(
      ([section]) => this.#given[section] === undefined,
    );
  }
}
