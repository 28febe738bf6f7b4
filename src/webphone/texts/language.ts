/** Which language status texts are in, and what a text is in it. Pure; used where notifications are configured. */
import type { SettingsReader } from '../settings/settings.js';
import { GLOBAL_TEXTS, inCallText, speakingText } from '../status/status-texts.js';
import { STATUS_CATALOGUE, type StatusTextKey } from './status-catalogue-table.js';

/** In the order of their numbers in the setting `language`. */
const LANGUAGES = ['en', 'ru', 'hu', 'ro', 'de', 'it', 'es', 'tr', 'pt', 'ja', 'fr', 'zh'] as const;

export type Language = (typeof LANGUAGES)[number];

/** Names people write, in English and in the language itself. */
const NAMES: Readonly<Record<string, Language>> = {
  english: 'en',
  russian: 'ru',
  русский: 'ru',
  hungarian: 'hu',
  magyar: 'hu',
  romanian: 'ro',
  română: 'ro',
  german: 'de',
  deutsch: 'de',
  italian: 'it',
  italiano: 'it',
  spanish: 'es',
  español: 'es',
  turkish: 'tr',
  türkçe: 'tr',
  portuguese: 'pt',
  português: 'pt',
  japanese: 'ja',
  日本語: 'ja',
  french: 'fr',
  français: 'fr',
  chinese: 'zh',
  中文: 'zh',
};

/** A code, a number, a name or a locale such as `de-AT`; undefined for a language there is not. */
export function parseLanguage(text: string): Language | undefined {
  const wanted = text.trim().toLowerCase();
  if (/^\d+$/.test(wanted)) return LANGUAGES[Number(wanted)];
  const code = wanted.split(/[-_.]/)[0];
  return LANGUAGES.find((language) => language === code) ?? NAMES[wanted];
}

/** The setting `language`, when it names none there is. */
export function unknownLanguage(settings: SettingsReader): string | undefined {
  const text = settings.text('language');
  return settings.given('language') && text !== '' && !parseLanguage(text) ? text : undefined;
}

/** By `language`, or where that is not set by `locale`. */
export function languageOf(settings: SettingsReader): Language {
  const named = settings.given('language') || !settings.given('locale');
  return parseLanguage(named ? settings.text('language') : settings.text('locale')) ?? 'en';
}

/**
 * What makes of the English status texts of notifications those of the language; undefined when they stay English,
 * which programs that read them rely on: only `translatemode` 0 translates what the API tells.
 */
export function statusTranslator(settings: SettingsReader): ((text: string) => string) | undefined {
  const language = languageOf(settings);
  if (language === 'en' || settings.number('translatemode') !== 0) return undefined;
  return (text) => translateStatus(text, language);
}

/** A status text in another language; one the catalogue does not have stays as it is. */
export function translateStatus(text: string, language: Language): string {
  if (language === 'en') return text;
  const texts = STATUS_CATALOGUE[language];
  const key = KEY_OF.get(text);
  if (key) return texts[key];
  const [, duration] = /\((\d+) sec\)$/.exec(text) ?? [];
  if (duration === undefined) return text;
  const ms = Number(duration) * 1000;
  if (text === inCallText(ms)) return texts.inCall.replace('{n}', duration);
  if (text === speakingText(ms)) return texts.speaking.replace('{n}', duration);
  return text;
}

const KEY_OF: ReadonlyMap<string, StatusTextKey> = new Map(
  (Object.keys(GLOBAL_TEXTS) as Array<keyof typeof GLOBAL_TEXTS>).map((key) => [GLOBAL_TEXTS[key], key]),
);
