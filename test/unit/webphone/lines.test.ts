import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Party } from '../../support/ua-harness.js';
import { WebphoneWorld } from '../../support/webphone-world.js';

let w: WebphoneWorld;
let bob: Party;
let carol: Party;

beforeEach(async () => {
  w = new WebphoneWorld();
  w.webphone.API_Start();
  bob = await w.party('bob');
  carol = await w.party('carol');
  await w.run();
  w.forget();
});

afterEach(() => w.end());

describe('lines', () => {
  it('[API_SetLine] before the start is kept until then, and starts nothing', async () => {
    const other = new WebphoneWorld();
    const { webphone } = other;
    expect(webphone.API_SetLine(3)).toBe(true);
    await other.run();
    expect(webphone.API_GetLine()).toBe(3);
    expect(webphone.API_GetAddress()).toBe('');
    webphone.API_StartStack();
    await other.run();
    expect(other.strings('LINE')).toEqual(['LINE,3']);
    expect(webphone.API_GetLine()).toBe(3);
    await other.end();
  });

  it('[API_SetLine] [API_GetLine] [notify:LINE] [line-model/1] the active line is chosen, and follows new calls', async () => {
    expect(w.webphone.API_GetLine()).toBe(1);
    expect(w.webphone.API_SetLine(3)).toBe(true);
    expect(w.strings('LINE')).toEqual(['LINE,3']);
    await w.calls(bob);
    expect(w.webphone.API_LineToCallID(3)).toBe(bob.calls[0].id);
    await w.calls(carol);
    expect(w.webphone.API_GetLine()).toBe(1);
    expect(w.last('LINE')).toBe('LINE,1');
    w.webphone.API_SetLine(3);
    w.webphone.API_Hangup(-1);
    await w.run();
    expect(bob.calls[0].state).toBe('ended');
    expect(carol.calls[0].state).toBe('connected');
    expect(w.webphone.API_SetLine(0)).toBe(false);
    expect(w.webphone.API_SetLine(100_000)).toBe(false);
  });

  it('[line-model/0] -2 is all calls, 0 no call, a number its own', async () => {
    await w.calls(bob, 2);
    await w.calls(carol, 4);
    expect(w.webphone.API_CallIDToLine(bob.calls[0].id)).toBe(2);
    expect(w.webphone.API_Mute(0, true, 0)).toBe(false);
    expect(w.webphone.API_Hold(-2, true)).toBe(true);
    await w.run();
    expect([w.webphone.API_IsOnHold(2), w.webphone.API_IsOnHold(4)]).toEqual([2, 2]);
    w.webphone.API_Hangup(-2);
    await w.run();
    expect([bob.calls[0].state, carol.calls[0].state]).toEqual(['ended', 'ended']);
  });

  it('[API_LineToCallID] [API_CallIDToLine] map both ways', async () => {
    await w.calls(bob);
    const { id } = bob.calls[0];
    expect(w.webphone.API_LineToCallID(-1)).toBe(id);
    expect(w.webphone.API_CallIDToLine(`[${id}]`)).toBe(1);
    expect(w.webphone.API_CallIDToLine('nobody')).toBe(-1);
  });

  it('[API_NextCallID] sets the Call-ID of the next call only', async () => {
    expect(w.webphone.API_NextCallID('my-own-id')).toBe('my-own-id');
    await w.calls(bob);
    await w.calls(carol);
    expect(bob.calls[0].id).toBe('my-own-id');
    expect(carol.calls[0].id).not.toBe('my-own-id');
    const made = w.webphone.API_NextCallID();
    w.webphone.API_Hangup(-2);
    await w.run();
    await w.calls(bob);
    expect(bob.calls[1].id).toBe(made);
  });

  it('[API_RTPStat] tells of every call what has come since the report before', async () => {
    await w.calls(bob);
    const counts = async (index: number, sent: number, received: number): Promise<void> => {
      const media = w.media(index);
      const { received: none, ...stats } = await media.stats();
      media.stats = async () => ({
        ...stats,
        sent: { packets: sent, bytes: 0 },
        received: { ...none, packets: received },
      });
    };
    const { webphone } = w;
    await counts(0, 100, 80);
    expect(await webphone.API_RTPStat()).toBe('RTPSTAT,5,100,80,0,0');
    expect(await webphone.API_RTPStat()).toBe('RTPSTAT,0,0,0,0,0');
    await w.calls(carol);
    await counts(1, 10, 10);
    expect(await webphone.API_RTPStat()).toBe('RTPSTAT,5,10,10,0,0');
    webphone.API_Hangup(2);
    await w.run();
    await counts(0, 150, 100);
    expect(await webphone.API_RTPStat()).toBe('RTPSTAT,5,50,20,0,0');
  });

  it('[API_GetLineDetails] has the fields in their order', async () => {
    expect(w.webphone.API_GetLineDetails(-1)).toBe('');
    await w.calls(bob);
    w.webphone.API_Hold(-1, true);
    w.webphone.API_Mute(-1, true, 2);
    await w.run();
    expect(w.webphone.API_GetLineDetails(1)).toMatch(
      new RegExp(`^LINEDETAILS,1,Hold,${bob.calls[0].id},bob,[^,]*,1,10\\.0\\.0\\.1:5060,${bob.host},3,2,$`),
    );
  });

  it('[API_GetStatus] [API_GetLineStatus] [API_GetLineStatusText] [API_GetGlobalStatus] [line-model/2] tell the state', async () => {
    expect(w.webphone.API_GetLineStatusText(1)).toBe('Unknown');
    expect(w.webphone.API_GetLineStatus(1)).toBe(0);
    expect(w.webphone.API_GetStatus(1, 1)).toBe('Unknown');
    await w.calls(bob);
    expect(w.webphone.API_GetStatus(-1)).toBe('Speaking');
    expect(w.webphone.API_GetLineStatus(1)).toBe(17);
    expect(w.webphone.API_GetStatus(5, 1)).toBe('Unknown');
    expect(w.webphone.API_GetStatus(5, 0)).toBe('Speaking');
    await w.run(3000);
    expect(w.webphone.API_GetGlobalStatus()).toBe('In Call (3 sec)');
    expect(w.webphone.API_GetStatus(-2)).toBe('In Call (3 sec)');
    w.webphone.API_Hold(1, true);
    await w.run();
    expect(w.webphone.API_GetLineStatusText(1)).toBe('Hold');
  });

  it('[param:stats] [status-texts/4] [rtp-stats/1] STATUS has its 23 fields in their order, with counters on request', async () => {
    w.webphone.API_SetParameter('stats', 2);
    await w.calls(bob);
    w.forget();
    await w.run(4500);
    const reports = w.strings('STATUS').filter((text) => text.startsWith('STATUS,1,Speaking'));
    expect(reports).toHaveLength(2);
    expect(reports[0]).toBe(
      `STATUS,1,Speaking,bob,${reports[0].split(',')[4]},1,bob,[${bob.calls[0].id}],1,1,2,0,0,0,0,,0,0,0,0`,
    );
    expect(w.states(-1)).toContain('In Call (2 sec)');
  });

  it('[API_Forward] sends a caller elsewhere with callforwardcode', async () => {
    expect(w.webphone.API_Forward(-1, 'sip:x@10.0.0.9')).toBe(false);
    w.webphone.API_SetParameter('callforwardcode', 301);
    const call = bob.agent.invite('sip:me@10.0.0.1', { from: bob.uri, redirects: 0 });
    await w.run();
    expect(w.webphone.API_Forward(-1, carol.uri)).toBe(true);
    await w.run();
    expect(call.end?.status).toBe(301);
    expect(w.last('CDR')).toContain(',forward,');
  });

  it('[API_HandleCall] lets an incoming call ring', async () => {
    const call = await w.called(bob);
    expect(w.webphone.API_HandleCall()).toBe(true);
    await w.run();
    expect(call.state).toBe('ringing');
    w.webphone.API_Hangup(-2);
    await w.run();
    expect(w.webphone.API_HandleCall()).toBe(false);
  });

  it('[API_Transfer] transfers by REFER, and connects two calls', async () => {
    const first = await w.calls(bob);
    expect(w.webphone.API_Transfer(-1, carol.uri)).toBe(true);
    await w.run(500);
    expect(w.states(1)).toContain('Midcall');
    expect(carol.calls).toHaveLength(1);
    const answered = carol.calls[0].answer();
    await w.run(500);
    await answered;
    await w.run(2000);
    expect(first.state === 'ended' || w.webphone.API_IsInCall() === 0).toBe(true);
    expect(w.strings('EVENT').join()).toContain('transfer to');
    expect(w.webphone.API_Transfer(-1, 'sip:x@10.0.0.9')).toBe(false);
  });
});
