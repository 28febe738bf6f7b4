/** The languages of status texts, and settings that servers send, in a running webphone. */
import { describe, expect, it } from 'vitest';
import { Settings } from '../../../src/webphone/settings/settings.js';
import { GLOBAL_TEXTS } from '../../../src/webphone/status/status-texts.js';
import { languageOf, parseLanguage, translateStatus } from '../../../src/webphone/texts/language.js';
import { STATUS_CATALOGUE } from '../../../src/webphone/texts/status-catalogue-table.js';
import { FakeRegistrar } from '../../support/fake-registrar.js';
import { SERVER, WebphoneWorld } from '../../support/webphone-world.js';

const account = { serveraddress: SERVER, username: 'anna', password: 'secret' };

async function statuses(settings: Readonly<Record<string, string | number>>): Promise<string[]> {
  const w = new WebphoneWorld({ ...account, ...settings });
  await FakeRegistrar.start(w.world, SERVER);
  w.webphone.API_Start();
  await w.run();
  const told = w.told.flatMap((one) => ('statustext' in one ? [String(one.statustext)] : []));
  await w.end();
  return told;
}

describe('languages', () => {
  it('[localization/0] [param:translatemode] status texts are translated when translatemode says so', async () => {
    expect(await statuses({ language: 'de', translatemode: 0 })).toEqual(
      expect.arrayContaining(['Bereitgestellt', 'Angemeldet.']),
    );
    const english = await statuses({});
    expect(english).toEqual(expect.arrayContaining(['Initialized', 'Registered.']));
    expect(await statuses({ language: 'de' })).toEqual(english);
    expect(await statuses({ language: 'de', translatemode: 2 })).toEqual(english);
  });

  it('[localization/1] [gui/1] [param:language] a code, a name and a number mean the same', async () => {
    expect(['en', 'English', '0'].map(parseLanguage)).toEqual(['en', 'en', 'en']);
    expect(['hu', 'Magyar', '2'].map(parseLanguage)).toEqual(['hu', 'hu', 'hu']);
    expect(parseLanguage('xx')).toBeUndefined();
    for (const language of ['fr', 'French', 10]) {
      expect(await statuses({ language, translatemode: 0 })).toContain('Enregistré.');
    }
  });

  it('[param:language] one there is not is told, and is English', async () => {
    const w = new WebphoneWorld({});
    w.webphone.API_SetParameter('language', 'Klingon');
    expect(w.last('WARNING')).toContain('"Klingon" is no language there is; it is English');
    w.forget();
    w.webphone.API_SetParameter('language', 'Magyar');
    expect(w.strings('WARNING')).toEqual([]);
    await w.end();
  });

  it('[param:locale] [localization/0] decides where no language is set', () => {
    const settings = new Settings();
    expect(languageOf(settings)).toBe('en');
    settings.set('locale', 'pt-BR');
    expect(languageOf(settings)).toBe('pt');
    settings.set('language', 'ja');
    expect(languageOf(settings)).toBe('ja');
  });

  it('have every text, with its seconds', () => {
    const languages = Object.keys(STATUS_CATALOGUE) as Array<keyof typeof STATUS_CATALOGUE>;
    expect(languages).toHaveLength(11);
    for (const language of languages) {
      const texts = STATUS_CATALOGUE[language];
      expect(Object.keys(texts).sort()).toEqual([...Object.keys(GLOBAL_TEXTS), 'inCall', 'speaking'].sort());
      for (const [key, text] of Object.entries(texts)) expect(text, `${language} ${key}`).toBeTruthy();
      expect(translateStatus('Speaking (12 sec)', language)).toMatch(/12/);
      expect(translateStatus('Speaking (12 sec)', language)).not.toContain('Speaking');
      expect(translateStatus('Something else', language)).toBe('Something else');
    }
  });
});

describe('settings of a server', () => {
  it('[config-from-sip/0] [config-from-sip/1] are taken from the answer to REGISTER, unless switched off', async () => {
    const level = async (settings: Readonly<Record<string, string | number>>): Promise<string> => {
      const w = new WebphoneWorld({ ...account, ...settings });
      const registrar = await FakeRegistrar.start(w.world, SERVER);
      registrar.decorate = (response) => response.set('X-MParam', 'dtmfmode=4;techprefix=99');
      w.webphone.API_Start();
      await w.run();
      const found = `${w.webphone.API_GetParameter('dtmfmode')} ${w.webphone.API_GetParameter('techprefix')}`;
      await w.end();
      return found;
    };
    expect(await level({})).toBe('4 99');
    expect(await level({ acceptsettingsfromsip: 0 })).toBe('2 ');
  });
});
