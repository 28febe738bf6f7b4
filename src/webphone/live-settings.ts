/**
 * Settings that are changed while the phone runs: what it does by itself, and what its calls from now on, its presence,
 * lamps, voice mail and messages are like. What the application has given as an option of the phone wins over settings,
 * as it does at the start. Made once by Webphone; what takes effect with the next start is not looked at here.
 */
import type { Phone, PhoneOptions } from '../phone/index.js';
import { livePhoneOptions, strictLines } from './mapping/phone-options.js';
import { policyOptions } from './mapping/policy-options.js';
import { shownSetting } from './settings/redact.js';
import { GLOBAL, type Settings } from './settings/settings.js';
import type { WebphoneParts } from './webphone-context.js';

type Section = keyof ReturnType<typeof livePhoneOptions>;

export class LiveSettings {
  readonly #settings: Settings;
  readonly #parts: Pick<WebphoneParts, 'stack' | 'logger'>;
  readonly #given: PhoneOptions;
  /** What the phone was told last, section by section. */
  #applied = new Map<Section, string>();
  #due = false;

  constructor(settings: Settings, parts: Pick<WebphoneParts, 'stack' | 'logger'>, given: PhoneOptions) {
    this.#settings = settings;
    this.#parts = parts;
    this.#given = given;
    parts.stack.on('made', () => {
      this.#applied = new Map(this.#sections().map(([section, , print]) => [section, print]));
    });
    settings.on('change', ({ key, value, line, origin }) => {
      parts.logger.debug('setting changed', { key, value: shownSetting(key, value), line, origin });
      const { phone } = parts.stack;
      if (line !== GLOBAL || !phone) return;
      phone.policies.configure(policyOptions(settings));
      phone.lines.strict = strictLines(settings);
      this.#soon(phone);
    });
  }

  /** Many settings changed at once are one change for the phone. */
  #soon(phone: Phone): void {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      if (this.#parts.stack.phone === phone) this.#apply(phone);
    });
  }

  #apply(phone: Phone): void {
    for (const [section, options, print] of this.#sections()) {
      if (this.#applied.get(section) === print) continue;
      this.#applied.set(section, print);
      try {
        phone.configure({ [section]: options });
      } catch (error) {
        this.#parts.logger.warn('a setting could not be applied', { section, error });
      }
    }
  }

  #sections(): Array<[section: Section, options: unknown, print: string]> {
    return Object.entries(livePhoneOptions(this.#settings))
      .filter(([section]) => this.#given[section as Section] === undefined)
      .map(([section, options]) => [section as Section, options, JSON.stringify(options) ?? '']);
  }
}
