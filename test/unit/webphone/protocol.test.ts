/** What a webphone speaks on the wire: reliable ringing, challenges, old peers, extensions, the ways of known servers. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Given } from '../../support/settings-world.js';
import { type RawPeer, sdp } from '../../support/ua-harness.js';
import { HOST, WebphoneWorld } from '../../support/webphone-world.js';

const US = { uri: `sip:me@${HOST}`, host: HOST } as const;

let w: WebphoneWorld;

afterEach(() => w.end());

/** Beside somebody scripted, who says yes to everything within dialogs. */
async function beside(given: Given = {}): Promise<RawPeer> {
  w = new WebphoneWorld({ codec: 'pcmu', register: 0, ...given });
  w.webphone.API_Start();
  const peer = await w.world.peer('bob', '10.0.0.9');
  peer.onRequest = (request) => {
    if (['BYE', 'PRACK', 'UPDATE', 'INFO', 'CANCEL'].includes(request.method)) peer.respond(request, 200);
  };
  await w.run();
  return peer;
}

/** We call the peer. */
async function calling(given: Given = {}): Promise<RawPeer> {
  const peer = await beside(given);
  w.webphone.API_Call(-1, peer.uri);
  await w.run(50);
  return peer;
}

describe('calls', () => {
  it('[sip-core/3] [param:prack] a reliable 180 is acknowledged by PRACK, where that is on', async () => {
    const reliable = { headers: { Require: '100rel', RSeq: '7' } };
    const peer = await calling({ prack: true });
    expect(peer.last('INVITE').supported).toContain('100rel');
    peer.respond(peer.last('INVITE'), 180, reliable);
    await w.run(50);
    expect(peer.last('PRACK').get('RAck')).toBe(`7 ${peer.last('INVITE').cseq.seq} INVITE`);
    peer.respond(peer.last('INVITE'), 486);
    await w.run(50);
    await w.end();
    const other = await calling({ prack: false });
    expect(other.last('INVITE').supported).not.toContain('100rel');
    other.respond(other.last('INVITE'), 486);
    await w.run(50);
  });

  it('[sip-core/4] [param:ackforauthrequest] a challenge is acknowledged unless told otherwise, and answered with credentials', async () => {
    for (const [ackforauthrequest, acks] of [
      [1, 1],
      [0, 0],
    ]) {
      const peer = await calling({
        serveraddress: '10.0.0.9',
        username: 'me',
        password: 'secret',
        ackforauthrequest,
      });
      const challenge = 'Digest realm="x", nonce="1", algorithm=MD5';
      peer.respond(peer.last('INVITE'), 407, { headers: { 'Proxy-Authenticate': challenge } });
      await w.run(100);
      expect(peer.count('ACK')).toBe(acks);
      expect(peer.count('INVITE')).toBe(2);
      expect(peer.last('INVITE').get('Proxy-Authorization')).toMatch(/^Digest .*username="me"/);
      peer.respond(peer.last('INVITE'), 486);
      await w.run(50);
      if (acks === 1) await w.end();
    }
  });

  it('[sip-core/2] session timers, UPDATE, Replaces, Join, rport and tel addresses are understood', async () => {
    const peer = await calling();
    const invite = peer.last('INVITE');
    expect(invite.supported).toEqual(expect.arrayContaining(['timer', 'replaces']));
    expect(invite.get('Session-Expires')).toBeDefined();
    expect(invite.get('Allow')).toContain('UPDATE');
    expect(invite.topVia?.params.has('rport')).toBe(true);
    peer.respond(invite, 486);
    await w.run(50);

    const own = { ...US, uri: `tel:+4312345` };
    await peer.request('INVITE', own, {
      sdp: sdp(),
      headers: {
        'Session-Expires': '120;refresher=uac',
        Supported: 'timer',
        Allow: 'INVITE, ACK, BYE, UPDATE',
      },
    });
    await w.run(50);
    expect(peer.responses.map(({ status }) => status)).toContain(180);
    w.webphone.API_Accept(-2);
    await w.run(100);
    const answer = peer.answer('INVITE');
    expect(answer.status).toBe(200);
    expect(answer.get('Session-Expires')).toMatch(/^120/);
    expect(answer.topVia?.rport).toBe(5060);
    const within = { callId: 'bob-call', toTag: answer.to.tag };
    await peer.request('ACK', US, within);
    await peer.request('UPDATE', US, {
      ...within,
      cseq: 2,
      headers: { 'Session-Expires': '120;refresher=uac' },
    });
    await w.run(50);
    expect(peer.answer('UPDATE').status).toBe(200);
    // Nobody to take the place of; joining is allowed to nobody (RFC 3911 §4).
    for (const [name, status] of [
      ['Replaces', 481],
      ['Join', 488],
    ] as const) {
      const header = { [name]: 'nobody@nowhere;to-tag=1;from-tag=2' };
      await peer.request('INVITE', US, {
        callId: `${name}-call`,
        fromTag: name,
        sdp: sdp(),
        headers: header,
      });
      await w.run(50);
      expect(peer.answer('INVITE').status).toBe(status);
    }
    await peer.request('BYE', US, { ...within, cseq: 3 });
    await w.run(50);
    expect(peer.answer('BYE').status).toBe(200);
  });

  it('[sip-core/1] a peer of the first specifications is called and calls: no tags, no magic branch, plain SDP', async () => {
    const peer = await beside();
    const oldSdp =
      'v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n';
    // RFC 2543: a branch without the magic cookie, no Max-Forwards, no tag in From, static payload types alone.
    const flow = await peer.transport.connect({ protocol: 'udp', host: HOST, port: 5060 });
    const text = (method: string, to: string, body = ''): Buffer =>
      Buffer.from(
        [
          `${method} sip:me@${HOST} SIP/2.0`,
          `Via: SIP/2.0/UDP 10.0.0.9:5060;branch=${method === 'BYE' ? 2 : 1}`,
          `From: <${peer.uri}>`,
          `To: ${to}`,
          'Call-ID: old@10.0.0.9',
          `CSeq: ${method === 'BYE' ? 2 : 1} ${method}`,
          `Contact: <${peer.uri}>`,
          ...(body ? ['Content-Type: application/sdp'] : []),
          `Content-Length: ${body.length}`,
          '',
          body,
        ].join('\r\n'),
      );
    flow.send(text('INVITE', `<sip:me@${HOST}>`, oldSdp));
    await w.run(50);
    w.webphone.API_Accept(-2);
    await w.run(100);
    const answer = peer.answer('INVITE');
    expect(answer.status).toBe(200);
    flow.send(text('ACK', answer.get('To') ?? ''));
    await w.run(100);
    expect(w.media().configurations.at(-1)?.send?.codec).toBe('PCMU');
    flow.send(text('BYE', answer.get('To') ?? ''));
    await w.run(100);
    expect(peer.answer('BYE').status).toBe(200);
  });
});

describe('servers', () => {
  /** Two codecs in the answer. */
  const TWO = sdp()
    .replace('RTP/AVP 0 101', 'RTP/AVP 0 8 101')
    .replace('a=rtpmap:101', 'a=rtpmap:8 PCMA/8000\r\na=rtpmap:101');

  it('[interop/1] setfinalcodec 0 keeps the ACK bare for OpenSIPS; requests ask for rport, as FreeSWITCH wants it', async () => {
    for (const [setfinalcodec, bare] of [
      [0, true],
      [3, false],
    ] as const) {
      const peer = await calling({ codec: 'pcmu,pcma', setfinalcodec });
      expect(peer.last('INVITE').topVia?.params.has('rport')).toBe(true);
      peer.respond(peer.last('INVITE'), 200, { sdp: TWO });
      await w.run(100);
      expect(peer.last('ACK').bodyText === '').toBe(bare);
      w.webphone.API_Hangup(-2);
      await w.run(100);
      if (bare) await w.end();
    }
  });

  it('[interop/0] Asterisk: a bare ACK, MESSAGE answered with 202, calls that answer themselves by header', async () => {
    const peer = await calling({ codec: 'pcmu,pcma', setfinalcodec: 0, enableautoaccept: 2 });
    peer.respond(peer.last('INVITE'), 200, { sdp: TWO });
    await w.run(100);
    expect(peer.last('ACK').bodyText).toBe('');
    w.webphone.API_Hangup(-2);
    await w.run(100);
    const before = peer.onRequest;
    peer.onRequest = (request, flow) => {
      if (request.method === 'MESSAGE') peer.respond(request, 202);
      else before(request, flow);
    };
    w.webphone.API_SendChat(-1, peer.uri, '', 'hello');
    await w.run(100);
    expect(peer.last('MESSAGE').bodyText).toBe('hello');
    expect(w.strings('CHATREPORT').length).toBeGreaterThan(0);
    expect(w.strings('ERROR')).toEqual([]);
    await peer.request('INVITE', US, { sdp: sdp(), headers: { 'Call-Info': '<sip:x>;answer-after=0' } });
    await w.run(200);
    const answer = peer.answer('INVITE');
    expect(answer.status).toBe(200);
    const within = { callId: 'bob-call', toTag: answer.to.tag };
    await peer.request('ACK', US, within);
    await peer.request('BYE', US, { ...within, cseq: 2 });
    await w.run(50);
  });
});

describe('calls at once', () => {
  it('[server-use/2] [param:maxlineex] hundreds are taken, and those beyond are refused', async () => {
    w = new WebphoneWorld({
      maxlineex: 300,
      maxlines: 300,
      autoaccept: 'true',
      disablesamecall: 0,
      register: 0,
    });
    w.webphone.API_Start();
    await w.run(100);
    const caller = await w.party('crowd', '10.0.0.30');
    const calls = Array.from({ length: 305 }, (_, at) =>
      caller.agent.invite(`sip:me@${HOST}`, { from: `sip:caller${at}@10.0.0.30` }),
    );
    await w.run(5000);
    expect(calls.filter(({ state }) => state === 'connected')).toHaveLength(300);
    expect(calls.filter(({ state }) => state === 'ended')).toHaveLength(5);
    for (const call of calls) if (call.state !== 'ended') void call.hangup();
    await w.run(5000);
    expect(calls.every(({ state }) => state === 'ended')).toBe(true);
  });
});
