import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Party } from '../../support/ua-harness.js';
import { WebphoneWorld } from '../../support/webphone-world.js';

let w: WebphoneWorld;
let bob: Party;

beforeEach(async () => {
  w = new WebphoneWorld();
  w.webphone.API_Start();
  bob = await w.party('bob');
  await w.run();
  w.forget();
});

afterEach(() => w.end());

describe('a call of ours', () => {
  it('[API_Call] [notify:STATUS] [notify:CDR] [status-texts/2] [cdr/0] tells its states in order, moments once', async () => {
    expect(w.webphone.API_Call(-1, bob.uri)).toBe(true);
    await w.run();
    expect(w.states(1)).toEqual(['CallSetup', 'Routed', 'InProgress', 'Ringing']);
    const answered = bob.calls[0].answer();
    await w.run(1000);
    await answered;
    expect(w.states(1).slice(4)).toEqual(['CallConnect', 'Speaking']);
    expect(w.webphone.API_IsInCall()).toBe(2);
    void bob.calls[0].hangup();
    await w.run();
    expect(w.states(1).slice(6)).toEqual(['CallDisconnect', 'Finishing', 'Finished']);
    const cdr = w.told.find(({ kind }) => kind === 'CDR');
    expect(cdr).toMatchObject({
      line: 1,
      peername: 'bob',
      called: 'bob',
      peeraddress: bob.host,
      disparty: 2,
      reasontext: 'bye received',
      dir: 1,
      disccode: -1,
      peerdisplayname: 'bob',
    });
    expect(cdr).toHaveProperty('callid', bob.calls[0].id);
    expect((cdr as { duration: number }).duration).toBeGreaterThan(900);
    expect(w.told.filter(({ kind }) => kind === 'CDR')).toHaveLength(1);
  });

  it('[API_Hangup] ends it, and one that rings is cancelled', async () => {
    const call = await w.calls(bob);
    expect(w.webphone.API_Hangup(-1, 'enough')).toBe(true);
    await w.run();
    expect(call.state).toBe('ended');
    expect(w.last('CDR')).toContain(',1,User Hung Up');
    w.webphone.API_Call(-1, bob.uri);
    await w.run();
    expect(w.webphone.API_Hangup(-2)).toBe(true);
    await w.run();
    expect(bob.calls[1].state).toBe('ended');
    expect(w.webphone.API_Hangup(-1)).toBe(false);
  });

  it('is not placed with a Call-ID nobody could read', async () => {
    w.webphone.API_SetLineParameter(1, 'callid', 'two words');
    w.webphone.API_Call(1, bob.uri);
    await w.run();
    expect(w.last('ERROR')).toContain('"two words" is not a Call-ID');
    expect(bob.calls).toEqual([]);
  });

  it('is given up when it is hung up before the phone has started', async () => {
    const other = new WebphoneWorld();
    other.webphone.API_Call(-1, 'sip:x@10.0.0.77');
    expect(other.webphone.API_Hangup(-1)).toBe(true);
    await other.run();
    expect(other.world.lines().filter((line) => line.startsWith('INVITE'))).toEqual([]);
    await other.end();
  });

  it('[API_Hold] [API_HoldChange] [API_IsOnHold] holds and takes back', async () => {
    const call = await w.calls(bob);
    expect(w.webphone.API_IsOnHold(-1)).toBe(0);
    expect(w.webphone.API_Hold(1, true)).toBe(true);
    await w.run();
    expect(call.held.remote).toBe(true);
    expect(w.webphone.API_IsOnHold(1)).toBe(2);
    expect(w.states(1).at(-1)).toBe('Hold');
    w.webphone.API_HoldChange(-1);
    await w.run();
    expect(call.held.remote).toBe(false);
    expect(w.states(1).at(-1)).toBe('Speaking');
    const held = call.hold();
    await w.run();
    await held;
    expect(w.webphone.API_IsOnHold(-2)).toBe(3);
    expect(w.last('STATUS')).toMatch(/^STATUS,1,Hold,/);
  });

  it('[API_Mute] [API_IsMuted] mutes in every direction', async () => {
    await w.calls(bob);
    const session = w.media();
    expect(w.webphone.API_IsMuted(-1)).toBe(0);
    w.webphone.API_Mute(-2, true, 0);
    expect(session.muted).toEqual({ send: true, receive: true, rtp: 'stop' });
    expect(w.webphone.API_IsMuted(-1)).toBe(1);
    expect(w.states(1).at(-1)).toBe('Muted');
    w.webphone.API_Mute(1, false, 2);
    expect(session.muted).toEqual({ send: false, receive: true, rtp: 'stop' });
    expect(w.webphone.API_IsMuted(-1)).toBe(2);
    expect(w.webphone.API_Mute(1, true, 7)).toBe(false);
    w.webphone.API_Mute(1, false, 3);
    w.webphone.API_Mute(1, true);
    expect(w.webphone.API_IsMuted(-1)).toBe(3);
    expect(w.webphone.API_IsMuted(7)).toBe(3);
  });

  it('[API_GetDiscReasonText] [API_GetDiscReasonCode] [API_GetLastCallDetails] says why it ended', async () => {
    expect(w.webphone.API_GetLastCallDetails()).toBe('');
    w.webphone.API_Call(-1, bob.uri);
    await w.run();
    bob.calls[0].reject(486);
    await w.run();
    expect(w.webphone.API_GetDiscReasonCode()).toBe('486');
    expect(w.webphone.API_GetDiscReasonText()).not.toBe('');
    expect(w.webphone.API_GetLastCallDetails()).toContain('Disc By: 2');
    await w.calls(bob);
    w.webphone.API_Hangup(-1);
    await w.run();
    expect(w.webphone.API_GetDiscReasonCode()).toBe('BYE');
    expect(w.webphone.API_GetDiscReasonText()).toBe('User Hung Up');
    expect(w.webphone.API_GetLastCallDetails()).toContain('Disc By: 1');
  });

  it('[API_IsInCall] [API_GetCurrentConnectedCallCount] counts', async () => {
    expect(w.webphone.API_IsInCall()).toBe(0);
    w.webphone.API_Call(-1, bob.uri);
    await w.run();
    expect(w.webphone.API_IsInCall()).toBe(1);
    expect(w.webphone.API_GetCurrentConnectedCallCount()).toBe(0);
    const answered = bob.calls[0].answer();
    await w.run();
    await answered;
    expect(w.webphone.API_GetCurrentConnectedCallCount()).toBe(1);
  });

  it('[API_Hangup] gives up a call that has no line yet, and says so', async () => {
    w.webphone.API_Call(-1, bob.uri);
    expect(w.webphone.API_Hangup(-1)).toBe(true);
    expect(w.webphone.API_Hangup(-1)).toBe(false);
    await w.run();
    expect(w.states(-1).slice(-3)).toEqual(['Call Initiated', 'Hangup', 'Ready']);
    expect(bob.calls).toHaveLength(0);
  });

  it('[notify:STATUS] [API_GetGlobalStatus] a call that is dialled again by itself is said to begin', async () => {
    w.webphone.API_Call(-1, 'x@10.0.0.99');
    await w.run(45_000);
    expect(w.states(-1).slice(-3)).toEqual(['Call Finished', 'Ready', 'Call Initiated']);
    expect(w.states(1).at(-1)).toBe('CallSetup');
    expect(w.webphone.API_GetGlobalStatus()).toBe('Call Initiated');
    w.webphone.API_Hangup(-2);
    await w.run(40_000);
    expect(w.webphone.API_GetGlobalStatus()).toBe('Ready');
  });

  it('[API_Call] without a server is one of `username` at our address', async () => {
    w.webphone.API_SetParameter('username', 'alice');
    w.webphone.API_Call(-1, bob.uri);
    await w.run();
    expect(bob.calls[0].remote.uri).toBe('sip:alice@10.0.0.1:5060');
    expect(w.webphone.API_GetLineDetails(1).split(',')[5]).toBe('alice');
  });

  it('tells of a call that cannot be placed', async () => {
    expect(w.webphone.API_Call(-1, '')).toBe(false);
    expect(w.states(-1)).toEqual([]);
    expect(w.last('ERROR')).toContain('nothing has been dialled');
    expect(w.webphone.API_Call(-1, bob.uri, 1)).toBe(false);
  });
});

describe('an incoming call', () => {
  it('[API_Reject] -2 refuses all that ring', async () => {
    const carol = await w.party('carol');
    const calls = [await w.called(bob), await w.called(carol)];
    expect(w.webphone.API_Reject(-2)).toBe(true);
    await w.run();
    expect(calls.map(({ state }) => state)).toEqual(['ended', 'ended']);
    expect(w.webphone.API_Reject(-2)).toBe(false);
  });

  it('[API_Accept] [API_GetCallerID] [API_GetIncomingDisplay] rings and is answered', async () => {
    const call = bob.agent.invite('sip:me@10.0.0.1', { from: bob.uri, displayName: 'Bob Smith' });
    await w.run();
    expect(w.states(-1)).toContain('Incoming...');
    expect(w.last('STATUS')).toMatch(/^STATUS,1,Ringing,bob,me,2,Bob Smith,/);
    expect(w.webphone.API_GetCallerID(-1)).toBe('Bob Smith');
    expect(w.webphone.API_GetIncomingDisplay(-1)).toBe('bob\nBob Smith');
    expect(w.webphone.API_Accept(-1)).toBe(true);
    await w.run();
    expect(call.state).toBe('connected');
    expect(w.states(-1)).toContain('Accept');
    expect(w.webphone.API_Accept(-1)).toBe(false);
  });

  it('[API_Reject] is refused with the status of userrejectdisccode', async () => {
    const call = await w.called(bob);
    expect(w.webphone.API_Reject(1)).toBe(true);
    await w.run();
    expect(call.end?.status).toBe(603);
    w.webphone.API_SetParameter('userrejectdisccode', 480);
    const again = await w.called(bob);
    w.webphone.API_Hangup(-1);
    await w.run();
    expect(again.end?.status).toBe(480);
    expect(w.webphone.API_Reject(-1)).toBe(false);
  });
});
