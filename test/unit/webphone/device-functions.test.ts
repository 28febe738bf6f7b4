import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.js';
import { MediaEngine } from '../../../src/media/index.js';
import { FakeAudioBackend, FakeAudioDevice } from '../../../src/testing/fake-audio.js';
import { Webphone } from '../../../src/webphone/index.js';
import '../../support/preloaded.js';

let engine: MediaEngine;
let webphone: Webphone;

beforeEach(async () => {
  const audioBackend = new FakeAudioBackend(systemClock);
  audioBackend.plug(new FakeAudioDevice('mic', 'input', { name: 'Desk mic', isDefault: true }));
  audioBackend.plug(new FakeAudioDevice('spk', 'output', { name: 'Desk speaker', isDefault: true }));
  audioBackend.plug(new FakeAudioDevice('usb', 'output', { name: 'USB phones' }));
  engine = await MediaEngine.start({ workers: 'in-process', audioBackend });
  webphone = new Webphone({ startsipstack: 0, phone: { engine } });
});

afterEach(async () => {
  await webphone.close();
  await engine.close();
});

describe('devices', () => {
  it('[API_GetAudioDeviceList] [API_GetAudioDevice] [API_SetAudioDevice] are listed and chosen', async () => {
    expect(await webphone.API_GetAudioDeviceList(0)).toBe('Desk mic');
    expect((await webphone.API_GetAudioDeviceList(1)).split('\r\n')).toEqual(
      expect.arrayContaining(['Desk speaker', 'USB phones']),
    );
    expect((await webphone.API_GetAudioDeviceList(2)).split('\r\n')).toHaveLength(3);
    expect(webphone.API_GetAudioDevice(1)).toBe('Default');
    expect(await webphone.API_SetAudioDevice(1, 'USB phones', 2)).toBe(true);
    expect(webphone.API_GetAudioDevice(1)).toBe('USB phones');
    expect(webphone.API_GetParameter('audiodeviceout')).toBe('USB phones');
    expect(await webphone.API_SetAudioDevice(2, 'All')).toBe(true);
    expect(await webphone.API_SetAudioDevice(1, 'Nothing of that name', 2)).toBe(false);
    expect(await webphone.API_SetAudioDevice(9, 'Default')).toBe(false);
    expect(webphone.API_GetAudioDevice(9)).toBe('');
  });

  it('[API_SetVolume] [API_GetVolume] keep a volume for each device', () => {
    expect(webphone.API_SetVolume(1, 80)).toBe(true);
    expect(webphone.API_SetVolume(0, 30)).toBe(true);
    expect([webphone.API_GetVolume(1), webphone.API_GetVolume(0, -2)]).toEqual([80, 30]);
    expect(webphone.API_GetParameter('volumeout')).toBe('80');
    expect(webphone.API_SetVolume(1, 101)).toBe(false);
    expect(webphone.API_SetVolume(1, 50, 7)).toBe(false);
    expect(webphone.API_GetVolume(9)).toBe(-1);
  });
});
