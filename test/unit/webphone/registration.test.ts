import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeRegistrar } from '../../support/fake-registrar.js';
import { SERVER, WebphoneWorld } from '../../support/webphone-world.js';

const OTHER = '10.0.0.101';

let w: WebphoneWorld;
let registrar: FakeRegistrar;

async function begin(settings: Record<string, string | number> = {}): Promise<void> {
  w = new WebphoneWorld(settings);
  registrar = await w.registrar();
  registrar.password = 'secret';
}

const ACCOUNT = { serveraddress: SERVER, username: 'alice', password: 'secret' };

beforeEach(() => begin());
afterEach(() => w.end());

describe('registering', () => {
  it('[API_Register] [API_IsRegistered] [API_IsRegisteredEx] [notify:REGISTER] [notify:EVENT] registers and tells it', async () => {
    expect(w.webphone.API_Register(SERVER, 'alice', 'secret')).toBe(true);
    await w.run();
    expect(w.webphone.API_IsRegistered()).toBe(true);
    expect(w.webphone.API_IsRegisteredEx()).toBe(2);
    expect(registrar.bindings.size).toBe(1);
    expect(w.strings('REGISTER')).toEqual([
      'REGISTER,0,0,Registering...,true,,alice,,-1',
      'REGISTER,0,1,Registered,true,,alice,,-1',
    ]);
    expect(w.states(-1)).toEqual(['Initialized', 'Register...', 'Registering...', 'Registered.']);
    expect(w.states(0)).toEqual(['Registering', 'Registered']);
    expect(w.strings('EVENT')[0]).toBe('EVENT,EVENT,Connecting...');
    expect(w.strings('EVENT')[1]).toMatch(
      /^EVENT,EVENT,Authenticated successfully\. \[ep: 0 \S+ Registering 5060\]$/,
    );
  });

  it('[API_Register] with another user takes the place of the one before, which leaves the server', async () => {
    registrar.password = undefined;
    w.webphone.API_Register(SERVER, 'alice', 'secret');
    await w.run();
    expect(w.webphone.API_Register('', 'bob', 'other')).toBe(true);
    await w.run();
    expect(w.webphone.API_ListAccounts(2, '*', true)).toBe(`*bob@${SERVER} Registered`);
    expect(w.strings('REGISTER')).toContain('REGISTER,0,3,Unregistered,false,,alice,,-1');
    w.webphone.API_Call(-1, 'carol');
    await w.run();
    expect(registrar.others.at(-1)?.request.from.uri.toString()).toBe(`sip:bob@${SERVER}`);
    void w.webphone.API_Hangup(-2);
  });

  it('[API_SetCredentials] [API_AddAccount] an account that was added stays when the settings name another', () => {
    w.webphone.API_SetCredentials(SERVER, 'alice', 'secret');
    w.webphone.API_AddAccount(`alice:secret@${SERVER}`);
    w.webphone.API_SetCredentials(OTHER, 'bob', 'pw');
    expect(w.webphone.API_ListAccounts(2, '*')).toBe(`alice@${SERVER};*bob@${OTHER}`);
  });

  it('[API_ClearCredentials] forgets the account, also at the server', async () => {
    w.webphone.API_Register(SERVER, 'alice', 'secret');
    await w.run();
    expect(w.webphone.API_ClearCredentials()).toBe(true);
    await w.run();
    expect(registrar.bindings.size).toBe(0);
    expect(w.webphone.API_GetMainAccount()).toBe('');
    expect(w.webphone.API_Register()).toBe(false);
  });

  it('[API_SetCredentialsMD5] takes the place of a password that was set before', async () => {
    w.webphone.API_SetCredentials(SERVER, 'alice', 'wrong');
    w.webphone.API_StartStack();
    const digest = createHash('md5').update('alice:example.com:secret').digest('hex');
    expect(w.webphone.API_SetCredentialsMD5('', 'alice', digest, '')).toBe(true);
    w.webphone.API_Register();
    await w.run();
    expect(w.webphone.API_IsRegistered()).toBe(true);
  });

  it('needs an account', async () => {
    expect(w.webphone.API_Register()).toBe(false);
    expect(w.last('ERROR')).toContain('serveraddress and username');
    expect(w.webphone.API_IsRegisteredEx()).toBe(1);
  });

  it('[API_Start] [notify:START] [lifecycle/0] does so by itself at the start with a complete account', async () => {
    w.webphone.API_SetParameters('serveraddress=10.0.0.100\r\nusername=alice\r\npassword=secret\r\n');
    expect(w.webphone.API_Start()).toBe(true);
    await w.run();
    expect(w.strings('START')).toEqual(['START,api', 'START,sip']);
    expect(w.webphone.API_IsRegistered()).toBe(true);
  });

  it('[API_StartStack] [lifecycle/0] opens the sockets without registering', async () => {
    for (const [name, value] of Object.entries(ACCOUNT)) w.webphone.API_SetParameter(name, value);
    expect(w.webphone.API_StartStack()).toBe(true);
    await w.run();
    expect(w.strings('START')).toEqual(['START,api', 'START,sip']);
    expect(registrar.requests).toHaveLength(0);
    expect(w.webphone.API_GetAddress()).toBe('10.0.0.1:5060');
  });

  it('[API_GetRegFailReason] [API_GetDiscReasonCode] [status-texts/3] says why it failed', async () => {
    w.webphone.API_Register(SERVER, 'alice', 'wrong');
    await w.run();
    expect(w.webphone.API_GetRegFailReason()).toBe('Authentication failed');
    expect(w.webphone.API_GetRegFailReason(true)).toContain('credentials');
    expect(w.webphone.API_IsRegisteredEx()).toBe(7);
    expect(w.last('REGISTER')).toBe(
      'REGISTER,0,2,Authentication failed,true,,alice,Authentication failed,401',
    );
    expect(w.states(-1).at(-1)).toBe('Register Failed');
    // Else the other transports are tried before it gives up.
    w.webphone.API_SetParameter('canstransportswitch', 'false');
    const texts: string[] = [];
    for (const [status, text] of [
      [403, 'Register rejected'],
      [404, 'Rejected by server'],
      [0, 'No response from server'],
    ] as const) {
      registrar.script = Array.from({ length: 30 }, () => status);
      w.webphone.API_Register();
      await w.run(35_000);
      expect(w.webphone.API_GetRegFailReason(), String(status)).toBe(text);
      expect(w.webphone.API_GetDiscReasonCode()).toBe(String(status || -1));
      texts.push(w.last('REGISTER'));
    }
    expect(texts[0]).toContain(',403');
    registrar.script = [];
    w.webphone.API_Register(SERVER, 'alice', 'secret');
    await w.run();
    expect(w.webphone.API_GetRegFailReason()).toBe('');
  });

  it('[API_Unregister] takes it back, waiting if told to', async () => {
    w.webphone.API_Register(SERVER, 'alice', 'secret');
    await w.run();
    let done = false;
    void w.webphone.API_Unregister(1).then((value) => (done = value));
    expect(done).toBe(false);
    await w.run();
    expect(done).toBe(true);
    expect(registrar.bindings.size).toBe(0);
    expect(w.webphone.API_IsRegisteredEx()).toBe(6);
    expect(w.last('REGISTER')).toBe('REGISTER,0,3,Unregistered,true,,alice,,-1');
  });

  it('[API_Stop] [API_ReStart] [notify:STOP] [lifecycle/0] stops and starts again with new settings', async () => {
    for (const [name, value] of Object.entries(ACCOUNT)) w.webphone.API_SetParameter(name, value);
    w.webphone.API_Start();
    await w.run();
    expect(w.webphone.API_ReStart()).toBe(true);
    await w.run(3000);
    expect(w.strings('STOP')).toEqual(['STOP,sip']);
    expect(w.strings('START')).toEqual(['START,api', 'START,sip', 'START,sip']);
    expect(w.webphone.API_IsRegistered()).toBe(true);
    expect(w.webphone.API_Stop()).toBe(true);
    await w.run(3000);
    expect(registrar.bindings.size).toBe(0);
    expect(w.webphone.API_IsRegistered()).toBe(false);
  });

  it('[API_Start] [API_Register] [API_Stop] while it is still stopping it starts when that is done', async () => {
    w.webphone.API_Register(SERVER, 'alice', 'secret');
    await w.run();
    w.forget();
    w.webphone.API_Stop();
    expect(w.webphone.API_Call(-1, 'bob')).toBe(false);
    expect(w.webphone.API_Start()).toBe(true);
    await w.run();
    expect(w.strings('STOP')).toEqual(['STOP,sip']);
    expect(w.strings('START')).toEqual(['START,sip']);
    expect(w.webphone.API_IsRegistered()).toBe(true);
    // The last word counts.
    w.webphone.API_Stop();
    w.webphone.API_Register();
    w.webphone.API_Stop();
    await w.run();
    expect(w.webphone.API_GetAddress()).toBe('');
  });

  it('[API_Exit] [lifecycle/0] is for good', async () => {
    w.webphone.API_Start();
    await w.run();
    expect(w.webphone.API_Exit()).toBe(true);
    await w.run();
    expect(w.strings().at(-1)).toBe('STOP,api');
    expect(w.webphone.API_Start()).toBe(false);
    expect(w.webphone.API_Call(-1, 'x')).toBe(false);
    expect(w.webphone.API_SendChat(-1, 'x@10.0.0.9', '', 'hi')).toBe(false);
    expect(w.webphone.API_CheckPresence('x@10.0.0.9')).toBe(false);
    expect(w.webphone.API_CapabilityRequest('10.0.0.9', '')).toBe(false);
    expect(await w.webphone.API_GetAudioDeviceList(2)).toBe('');
    expect(w.webphone.API_Conf('x@10.0.0.9')).toBe(false);
    expect(w.webphone.API_SendSIPMessage(-3, 'OPTIONS', '', '', 'x@10.0.0.9')).toBe(false);
    await w.run();
    expect(w.webphone.API_GetAddress()).toBe('');
  });

  it('[API_Unregister] ends the calls of that account alone, when told to, whatever its name', async () => {
    registrar.password = undefined;
    w.webphone.API_Register(SERVER, 'alice', 'secret');
    w.webphone.API_AddAccount(`1:pw@${SERVER}`);
    await w.run();
    w.webphone.API_Call(-1, 'bob');
    await w.run();
    registrar.others.at(-1)?.tx.reply(180);
    await w.run();
    expect(await w.webphone.API_Unregister('1', -1, 1, 1)).toBe(true);
    await w.run();
    expect(w.webphone.API_ListAccounts(2, '', true)).toBe(`alice@${SERVER} Registered`);
    expect(w.webphone.API_IsInCall()).toBe(1);
    expect(await w.webphone.API_Unregister('alice', -1, 1, 1)).toBe(true);
    await w.run();
    expect(w.webphone.API_IsInCall()).toBe(0);
  });

  it('[API_ShouldReset] [API_ShouldResetBeforeCall] notices that it has not been registered for long', async () => {
    registrar.script = Array.from({ length: 100 }, () => 503);
    w.webphone.API_Register(SERVER, 'alice', 'secret');
    await w.run();
    expect(w.webphone.API_ShouldReset()).toBe(0);
    await w.run(200_000);
    expect(w.webphone.API_ShouldReset()).toBe(1);
    expect(w.webphone.API_ShouldResetBeforeCall()).toBe(true);
  });

  it('[API_HTTPKeepAlive] [param:httpsessiontimeout] ends when the page is gone', async () => {
    w.webphone.API_SetParameter('httpsessiontimeout', 5);
    w.webphone.API_Register(SERVER, 'alice', 'secret');
    await w.run();
    expect(w.webphone.API_HTTPKeepAlive()).toBe(true);
    await w.run(200_000);
    w.webphone.API_HTTPKeepAlive();
    await w.run(200_000);
    expect(w.webphone.API_IsRegistered()).toBe(true);
    await w.run(120_000);
    expect(w.webphone.API_IsRegistered()).toBe(false);
  });
});

describe('accounts', () => {
  it('[API_AddAccount] [API_ListAccounts] [API_GetMainAccount] [accounts/1] registers the main one first', async () => {
    w.webphone.API_Register(SERVER, 'alice', 'secret');
    registrar.password = undefined;
    expect(w.webphone.API_AddAccount(`bob:pw@${SERVER}`)).toBe(true);
    expect(w.webphone.API_AddAccount(SERVER, '', 'carol', '', '', 'pw', -1, -1, -1)).toBe(true);
    expect(w.webphone.API_AddAccount('')).toBe(false);
    await w.run();
    expect(registrar.requests.map(({ to }) => to.uri.toString())).toEqual([
      `sip:alice@${SERVER}`,
      `sip:bob@${SERVER}`,
      `sip:carol@${SERVER}`,
    ]);
    expect(w.webphone.API_ListAccounts()).toBe(`alice@${SERVER};bob@${SERVER};carol@${SERVER}`);
    expect(w.webphone.API_ListAccounts(3, '*', true, '\r\n')).toBe(
      '*alice Registered\r\nbob Registered\r\ncarol Registered',
    );
    expect(w.webphone.API_ListAccounts(4)).toBe('alice;bob;carol');
    expect(w.webphone.API_ListAccounts(5, '', false, '|')).toBe(`${SERVER}|${SERVER}|${SERVER}`);
    expect(w.webphone.API_GetMainAccount()).toBe(`alice@${SERVER}`);
    expect(w.webphone.API_GetMainAccount(true, 4)).toBe('alice');
    // STATUS of further accounts is off by default.
    expect(w.strings('STATUS').filter((text) => /^STATUS,0,.*bob/.test(text))).toEqual([]);
    expect(w.strings('REGISTER').filter((text) => /,false,,bob,/.test(text))).not.toEqual([]);
  });

  it('[API_RegisterEx] [accounts/0] takes every printed form, merges the same identity, and "null" takes them back', async () => {
    registrar.password = undefined;
    w.webphone.API_Register(SERVER, 'alice', 'secret');
    await w.run();
    expect(
      w.webphone.API_RegisterEx(
        `"John" <john:s@${SERVER}:5060>;${SERVER}:5060,kate,k,180, , , ,TCP;${SERVER},john,other`,
      ),
    ).toBe(true);
    await w.run();
    expect(w.webphone.API_ListAccounts(4)).toBe('alice;john;kate');
    expect(w.webphone.API_GetAccount(`john@${SERVER}`)).toMatch(/,john,other,.*John$/);
    expect(w.webphone.API_GetAccount('kate')).toBe(`${SERVER}:5060,kate,k,180,,,,,1`);
    expect(w.webphone.API_GetParameter('extraregisteraccounts')).toContain('kate');
    expect(w.webphone.API_RegisterEx('null')).toBe(true);
    await w.run();
    expect(w.webphone.API_ListAccounts(4)).toBe('alice');
    expect(w.webphone.API_GetParameter('extraregisteraccounts')).toBe('');
    expect(w.webphone.API_RegisterEx('')).toBe(false);
  });

  it('[API_SetMainAccount] [API_GetAccountForLine] [API_GetAccountURI] [notify:ACCOUNT] [accounts/2] changes the main one, by which calls go out', async () => {
    registrar.password = undefined;
    w.webphone.API_SetParameter('accountnotification', 2);
    w.webphone.API_Register(SERVER, 'alice', 'secret');
    w.webphone.API_AddAccount(`bob:pw@${SERVER}`);
    await w.run();
    expect(w.webphone.API_SetMainAccount('bob')).toBe(true);
    expect(w.last('ACCOUNT')).toBe(`ACCOUNT,-1,0,bob@${SERVER},bob`);
    w.webphone.API_Call(-1, '1234');
    await w.run();
    expect(registrar.others[0].request.from.uri.toString()).toBe(`sip:bob@${SERVER}`);
    expect(w.webphone.API_GetAccountForLine(1)).toBe(`bob@${SERVER}`);
    expect(w.webphone.API_GetAccountURI(1, true, 4)).toBe('bob');
    expect(w.webphone.API_GetAccountForLine(7)).toBe(`bob@${SERVER}`);
    w.webphone.API_Hangup(-2);
    await w.run();
    expect(w.webphone.API_GetAccountForLine(1)).toBe('');
  });

  it('[param:autoswitchmainacc] [notify:ACCOUNT] [accounts/2] the phone changes the main one by itself: when it fails, and for calls to the domain of another', async () => {
    const chosen = async (mode: number): Promise<unknown[]> => {
      await w.end();
      await begin({ ...ACCOUNT, autoswitchmainacc: mode });
      registrar.password = undefined;
      const other = await FakeRegistrar.start(w.world, OTHER);
      w.webphone.API_AddAccount(`bob:pw@${OTHER}`);
      w.webphone.API_Start();
      await w.run(500);
      w.webphone.API_Call(1, `sip:100@${OTHER}`);
      await w.run();
      const [call] = other.others;
      const by = call.request.from.uri.toString();
      call.tx.reply(486);
      await w.run(500);
      const afterCall = w.webphone.API_GetMainAccount(true, 4);
      w.webphone.API_SetMainAccount('alice');
      await w.run(20_000);
      registrar.script = [403];
      w.webphone.API_Register();
      await w.run(1000);
      return [by, afterCall, w.webphone.API_GetMainAccount(true, 4)];
    };
    expect(await chosen(0)).toEqual([`sip:bob@${OTHER}`, 'alice', 'alice']);
    expect(await chosen(1)).toEqual([`sip:bob@${OTHER}`, 'bob', 'alice']);
    expect(await chosen(2)).toEqual([`sip:bob@${OTHER}`, 'bob', 'bob']);
    expect(w.last('ACCOUNT')).toBe(`ACCOUNT,-1,0,bob@${OTHER},bob`);
  });

  it('[param:accountnotification] tells of another main account never, when there are several, or always', async () => {
    registrar.password = undefined;
    const change = async (mode: number): Promise<number> => {
      w.forget();
      w.webphone.API_SetParameter('accountnotification', mode);
      w.webphone.API_SetMainAccount('bob');
      w.webphone.API_SetMainAccount('alice');
      await w.run();
      return w.strings('ACCOUNT').length;
    };
    w.webphone.API_Register(SERVER, 'alice', 'secret');
    w.webphone.API_AddAccount(`bob:pw@${SERVER}`);
    await w.run();
    expect(await change(0)).toBe(0);
    expect(await change(1)).toBe(2);
    w.webphone.API_SetParameter('autoswitchmainacc', 0);
    expect(await change(1)).toBe(0);
    expect(await change(2)).toBe(2);
  });

  it('[API_GetAccountRegState] [API_GetAccountRegStateString] [accounts/3] tells how each stands', async () => {
    expect(w.webphone.API_GetAccountRegState('nobody')).toBe(-2);
    expect(w.webphone.API_GetAccountRegState('')).toBe(-3);
    w.webphone.API_SetCredentials(SERVER, 'alice', 'secret');
    expect(w.webphone.API_GetAccountRegState('alice')).toBe(-4);
    w.webphone.API_StartStack();
    await w.run();
    expect(w.webphone.API_GetAccountRegState('alice')).toBe(-1);
    w.webphone.API_Register();
    await w.run(1);
    expect(w.webphone.API_GetAccountRegState(`alice@${SERVER}`)).toBe(0);
    await w.run();
    expect(w.webphone.API_GetAccountRegState(SERVER, '', 'alice', '')).toBe(1);
    expect(w.webphone.API_GetAccountRegStateString('alice')).toBe('Registered');
    void w.webphone.API_Unregister();
    await w.run();
    expect(w.webphone.API_GetAccountRegState('alice')).toBe(3);
    w.webphone.API_Register(SERVER, 'alice', 'wrong');
    await w.run();
    expect(w.webphone.API_GetAccountRegStateString('alice')).toBe('Register Failed');
    expect(w.webphone.API_GetAccountRegState('alice')).toBe(2);
  });

  it('[API_SetAccount] [API_GetAccount] [API_DelAccount] [accounts/4] changes and deletes; the next is the main one', async () => {
    registrar.password = undefined;
    w.webphone.API_Register(SERVER, 'alice', 'secret');
    expect(w.webphone.API_SetAccount(`${SERVER},bob,pw1`)).toBe(true);
    await w.run();
    expect(w.webphone.API_SetAccount(SERVER, '', 'bob', 'auth', 'Bob', 'pw2', -1, 60, 0)).toBe(true);
    await w.run();
    expect(w.webphone.API_GetAccount(`bob@${SERVER}`, true)).toBe(`${SERVER},bob,pw2,60,,,auth,Bob,,0`);
    expect(w.webphone.API_GetAccount('bob', true)).toBe('');
    expect(registrar.last.expires).toBe(60);
    expect(w.webphone.API_DelAccount('alice')).toBe(true);
    await w.run();
    expect(w.webphone.API_GetMainAccount()).toBe(`bob@${SERVER}`);
    expect(w.webphone.API_GetParameter('username')).toBe('');
    expect(registrar.bindings.size).toBe(1);
    expect(w.webphone.API_DelAccount('all')).toBe(true);
    await w.run();
    expect(w.webphone.API_GetMainAccount()).toBe('');
    expect(registrar.bindings.size).toBe(0);
    expect(w.webphone.API_DelAccount('alice')).toBe(false);
  });

  it('[API_Unregister] of one account removes it', async () => {
    registrar.password = undefined;
    w.webphone.API_Register(SERVER, 'alice', 'secret');
    w.webphone.API_AddAccount(`bob:pw@${SERVER}`);
    await w.run();
    const gone = w.webphone.API_Unregister('bob', -1, 1, 1);
    await w.run();
    expect(await gone).toBe(true);
    expect(w.webphone.API_ListAccounts(4)).toBe('alice');
    expect(w.webphone.API_IsRegistered()).toBe(true);
    expect(await w.webphone.API_Unregister('nobody')).toBe(false);
  });

  it.each([
    [0, 0],
    [1, 1],
  ])(
    '[accounts/5] [param:secondarystatus] %i: of further accounts so many STATUS are told: %i; calls go by the main one',
    async (secondarystatus, count) => {
      registrar.password = undefined;
      w.webphone.API_SetParameter('secondarystatus', secondarystatus);
      w.webphone.API_Register(SERVER, 'alice', 'secret');
      w.webphone.API_AddAccount(`bob:pw@${SERVER}`);
      await w.run();
      expect(w.strings('STATUS').filter((text) => /^STATUS,0,Registered,bob/.test(text))).toHaveLength(count);
      w.webphone.API_Call(-1, '100');
      await w.run();
      const invite = registrar.others.find(({ request }) => request.method === 'INVITE');
      expect(String(invite?.request.from.uri)).toBe(`sip:alice@${SERVER}`);
      invite?.tx.reply(486);
      await w.run();
    },
  );
});
