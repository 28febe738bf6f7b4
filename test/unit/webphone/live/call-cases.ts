/** Settings of accounts, calls, holding, muting and lines. */
import { expect } from 'vitest';
import { type LiveCases, type LivePhone, live } from './live-phone.js';

const direction = (text = ''): string => /a=(sendrecv|sendonly|recvonly|inactive)/.exec(text)?.[1] ?? '';

/** We hold line 1. @returns what the peer is told */
async function holds(phone: LivePhone, hold = true): Promise<string> {
  expect(phone.api.API_Hold(1, hold)).toBe(true);
  await phone.run();
  return direction(phone.sent('INVITE').at(-1));
}

/** Bob and alice have accounts; alice's is refused, and bob's registers after. @returns the main one */
async function mainRefused(phone: LivePhone): Promise<string> {
  phone.api.API_SetMainAccount('alice');
  phone.api.API_Register();
  await phone.run(15_000);
  phone.registrar.script = [403];
  phone.api.API_Register();
  await phone.run(3000);
  return phone.api.API_GetMainAccount(true, 4);
}

export const callCases: LiveCases = {
  needunregister: live(async (phone) => {
    await phone.set('needunregister', false);
    void phone.api.API_Unregister();
    await phone.run(3000);
    expect(phone.unregistered).toBe(0);
    phone.api.API_Register();
    await phone.run(1000);
    await phone.set('needunregister', true);
    const before = phone.unregistered;
    void phone.api.API_Unregister();
    await phone.run(3000);
    expect(phone.unregistered).toBe(before + 1);
  }),
  httpsessiontimeout: live(async (phone) => {
    await phone.set('httpsessiontimeout', 1);
    phone.api.API_HTTPKeepAlive();
    await phone.run(59_000);
    expect(phone.api.API_IsRegistered()).toBe(true);
    await phone.run(6000);
    expect(phone.api.API_IsRegistered()).toBe(false);
  }),
  fastexit: live(async (phone) => {
    await phone.set('fastexit', 2);
    phone.api.API_Stop();
    await phone.run(70_000);
    expect(phone.unregistered).toBe(0);
  }),
  waitforunregister: live(async (phone) => {
    await phone.set('waitforunregister', 300);
    phone.registrar.script = [0, 0, 0, 0, 0, 0];
    let done = false;
    void Promise.resolve(phone.api.API_Unregister(1)).then(() => (done = true));
    await phone.run(250);
    expect([done, phone.api.API_IsRegisteredEx()]).not.toEqual([true, 6]);
    await phone.run(100);
    expect([done, phone.api.API_IsRegisteredEx()]).toEqual([true, 6]);
  }),
  disconunregister: live(async (phone) => {
    await phone.talk();
    await phone.set('disconunregister', 0);
    void phone.api.API_Unregister();
    await phone.run(1000);
    expect(phone.api.API_IsInCall()).toBe(2);
    await phone.set('disconunregister', 1);
    void phone.api.API_Unregister();
    await phone.run(1000);
    expect(phone.api.API_IsInCall()).toBe(0);
  }),
  clearcredentialsonunreg: live(async (phone) => {
    void phone.api.API_Unregister();
    await phone.run(1000);
    expect(phone.api.API_GetParameter('username')).toBe('alice');
    await phone.set('clearcredentialsonunreg', 1);
    void phone.api.API_Unregister();
    await phone.run(1000);
    expect(phone.api.API_GetParameter('username')).toBe('');
  }),
  autoswitchmainacc: live(async (phone) => {
    phone.api.API_AddAccount('bob:pw@10.0.0.100');
    await phone.run();
    await phone.set('autoswitchmainacc', 0);
    expect(await mainRefused(phone)).toBe('alice');
    await phone.set('autoswitchmainacc', 3);
    expect(await mainRefused(phone)).toBe('bob');
  }),
  accountnotification: live(async (phone) => {
    phone.api.API_AddAccount('bob:pw@10.0.0.100');
    await phone.run();
    const told = (): number => phone.w.strings('ACCOUNT').length;
    await phone.set('accountnotification', 0);
    phone.api.API_SetMainAccount('bob');
    expect(told()).toBe(0);
    await phone.set('accountnotification', 2);
    phone.api.API_SetMainAccount('alice');
    expect(told()).toBe(1);
  }),
  secondarystatus: live(async (phone) => {
    const told = (): number =>
      phone.w.strings('STATUS').filter((one) => one.startsWith('STATUS,0,Registered,carol')).length;
    const registers = async (): Promise<void> => {
      phone.api.API_DelAccount('carol');
      await phone.run(3000);
      phone.api.API_AddAccount('carol:pw@10.0.0.100');
      await phone.run(3000);
    };
    await registers();
    expect(told()).toBe(0);
    await phone.set('secondarystatus', 1);
    await registers();
    expect(told()).toBe(1);
  }),
  discreason: live(async (phone) => {
    await phone.talk();
    expect(phone.api.API_SetParameter(1, 'discreason', 'Gone to lunch')).toBe(true);
    phone.api.API_Hangup(1);
    await phone.run();
    expect(phone.sent('BYE').at(-1)).toContain('Gone to lunch');
  }),
  line: live(async (phone) => {
    await phone.talk();
    expect(phone.api.API_SetParameter(1, 'line', '2')).toBe(false);
    expect(phone.api.API_GetLineParameter(1, 'line')).toBe('1');
  }),
  state: live(async (phone) => {
    expect(phone.api.API_GetLineParameter(1, 'state')).toBe('');
    await phone.talk();
    expect(phone.api.API_SetParameter(1, 'state', 'Ringing')).toBe(false);
    expect(phone.api.API_GetLineParameter(1, 'state')).toBe('Speaking');
  }),
  holded: live(async (phone) => {
    await phone.talk();
    expect(phone.api.API_SetParameter(1, 'holded', '1')).toBe(true);
    await phone.run();
    expect(phone.api.API_IsOnHold(1)).toBe(2);
    expect(phone.api.API_SetParameter(1, 'holded', '0')).toBe(true);
    await phone.run();
    expect(phone.api.API_IsOnHold(1)).toBe(0);
  }),
  holdtype: live(async (phone) => {
    await phone.talk();
    expect(await holds(phone)).toBe('sendonly');
    await holds(phone, false);
    // Not a moment passes between the two.
    expect(phone.api.API_SetParameter('holdtype', 4)).toBe(true);
    expect(await holds(phone)).toBe('inactive');
  }),
  holdexplicit: live(async (phone) => {
    await phone.talk();
    await holds(phone);
    await phone.set('holdtype', 3);
    expect(await holds(phone)).toBe('inactive');
    await phone.set('holdexplicit', 1);
    expect(await holds(phone)).toBe('recvonly');
  }),
  acceptholdchange: live(async (phone) => {
    const call = await phone.talk();
    const taken = async (): Promise<boolean> => {
      await holds(phone);
      const offered = call.hold({ direction: 'sendrecv' });
      await phone.run();
      await offered;
      return phone.api.API_IsOnHold(1) === 0;
    };
    expect(await taken()).toBe(true);
    await phone.set('acceptholdchange', 0);
    expect(await taken()).toBe(false);
    await phone.set('acceptholdchange', 1);
    expect(await taken()).toBe(true);
  }),
  muteonhold: live(async (phone) => {
    await phone.talk();
    await phone.set('muteonhold', -2);
    await holds(phone);
    expect(phone.w.media().config?.direction).toBe('sendrecv');
    await holds(phone, false);
    await phone.set('muteonhold', 0);
    await holds(phone);
    expect(phone.w.media().config?.direction).toBe('inactive');
  }),
  defmute: live(async (phone) => {
    await phone.talk();
    await phone.set('defmute', 1);
    phone.api.API_Mute(1, true);
    expect(phone.w.media().muted).toMatchObject({ send: false, receive: true });
    expect(phone.api.API_IsMuted(1)).toBe(2);
  }),
  muted: live(async (phone) => {
    const call = await phone.talk();
    expect(phone.api.API_SetParameter(1, 'muted', '2')).toBe(true);
    expect(phone.w.media().muted).toMatchObject({ send: true, receive: false });
    expect([phone.api.API_IsMuted(1), phone.api.API_GetLineParameter(1, 'muted')]).toEqual([3, '2']);
    expect(phone.w.states(1).at(-1)).toBe('Muted');
    expect(phone.api.API_SetParameter(1, 'muted', '0')).toBe(true);
    expect(phone.w.media().muted).toMatchObject({ send: false, receive: false });
    const over = call.hangup();
    await phone.run(1000);
    await over;
    // For all calls it counts when they begin; a line may differ.
    await phone.set('muted', 3);
    await phone.talk();
    expect(phone.api.API_IsMuted(1)).toBe(1);
    expect(phone.api.API_SetLineParameter(2, 'muted', '1', 1)).toBe(true);
    await phone.talk(await phone.w.party('carol'));
    expect(phone.api.API_IsMuted(2)).toBe(2);
  }),
  musiconhold: live(async (phone) => {
    await phone.talk();
    await holds(phone);
    expect(phone.w.media().playing).toEqual([]);
    await phone.set('musiconhold', 1);
    expect(phone.w.media().playing).toEqual([{ file: 'music.wav' }]);
    await phone.set('musiconhold', 0);
    expect(phone.w.media().playing).toEqual([]);
  }),
  musiconholdfile: live(async (phone) => {
    await phone.set('musiconhold', 1);
    await phone.talk();
    await holds(phone);
    await phone.set('musiconholdfile', 'other.wav');
    expect(phone.w.media().playing).toEqual([{ file: 'other.wav' }]);
  }),
  maxlines: live(async (phone) => {
    const lines = (): number => phone.engine.lines.count;
    expect(lines()).toBe(4);
    await phone.set('maxlines', 2);
    expect(lines()).toBe(2);
    await phone.set('maxlines', 4);
    expect(lines()).toBe(4);
  }),
  maxlineex: live(async (phone) => {
    const called = async (callId: string): Promise<boolean> => {
      await phone.peer.request('INVITE', { uri: 'sip:alice@10.0.0.1', host: '10.0.0.1' }, { callId });
      await phone.run();
      return phone.peer.answer('INVITE').status < 300;
    };
    expect([await called('a'), await called('b')]).toEqual([true, true]);
    await phone.set('maxlineex', 2);
    expect(await called('c')).toBe(false);
    expect(phone.api.API_SetLine(3)).toBe(false);
    await phone.set('maxlineex', 3);
    expect(await called('d')).toBe(true);
    // Calls beyond a lower limit go on.
    await phone.set('maxlineex', 1);
    expect(phone.api.API_IsInCall()).toBe(1);
    expect(phone.api.API_SetLine(2)).toBe(false);
  }),
  strictlines: live(async (phone) => {
    await phone.talk();
    expect(phone.api.API_SetParameter('strictlines', 6)).toBe(true);
    expect(phone.api.API_Hangup(3)).toBe(false);
    expect(phone.api.API_SetParameter('strictlines', 0)).toBe(true);
    expect(phone.api.API_Hangup(3)).toBe(true);
  }),
};
