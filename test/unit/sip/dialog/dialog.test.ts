import { describe, expect, it } from 'vitest';
import { Dialog } from '../../../../src/sip/dialog/dialog.js';
import { DialogTable } from '../../../../src/sip/dialog/dialog-table.js';
import { SipRequest, SipResponse } from '../../../../src/sip/message/index.js';

function invite(): SipRequest {
  return new SipRequest('INVITE', 'sip:bob@b.example')
    .add('Via', 'SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKa')
    .add('From', 'Alice <sip:alice@a.example>;tag=at')
    .add('To', 'Bob <sip:bob@b.example>')
    .add('Call-ID', 'call')
    .add('CSeq', '7 INVITE')
    .add('Contact', '<sip:alice@10.0.0.1>')
    .add('Record-Route', '<sip:p2.example;lr>')
    .add('Record-Route', '<sip:p1.example;lr>')
    .add('Proxy-Authorization', 'Digest username="alice", realm="r"');
}

function answer(status: number, tag = 'bt', contact = '<sip:bob@10.0.0.2>'): SipResponse {
  const response = SipResponse.for(invite(), status).set('To', `Bob <sip:bob@b.example>;tag=${tag}`);
  return contact === '' ? response : response.set('Contact', contact);
}

describe('the dialog of a caller', () => {
  it('comes from a response (§12.1.2)', () => {
    const dialog = Dialog.fromResponse(invite(), answer(180));
    expect(dialog.state).toBe('early');
    expect(dialog.id).toBe('call;at;bt');
    expect(dialog.isCaller).toBe(true);
    expect(String(dialog.remoteTarget)).toBe('sip:bob@10.0.0.2');
    expect(dialog.routeSet.map(String)).toEqual(['<sip:p1.example;lr>', '<sip:p2.example;lr>']);
    expect(dialog.localSeq).toBe(7);
    expect(dialog.remoteSeq).toBeUndefined();
  });

  it('takes target and routes anew from the 2xx, and from no later one (§13.2.2.4)', () => {
    const dialog = Dialog.fromResponse(invite(), answer(180, 'bt', ''));
    expect(String(dialog.remoteTarget)).toBe('sip:bob@b.example');
    const ok = answer(200).set('Record-Route', '<sip:other.example;lr>');
    dialog.confirm(ok);
    expect(dialog.state).toBe('confirmed');
    expect(String(dialog.remoteTarget)).toBe('sip:bob@10.0.0.2');
    expect(dialog.routeSet.map(String)).toEqual(['<sip:other.example;lr>']);
    dialog.confirm(answer(200));
    expect(dialog.routeSet).toHaveLength(1);
  });

  it('builds requests with rising CSeq', () => {
    const dialog = Dialog.fromResponse(invite(), answer(200));
    const bye = dialog.createRequest('BYE');
    expect([...bye.fields()].map(({ name, value }) => `${name}: ${value}`)).toEqual([
      'Route: <sip:p1.example;lr>',
      'Route: <sip:p2.example;lr>',
      'From: Alice <sip:alice@a.example>;tag=at',
      'To: Bob <sip:bob@b.example>;tag=bt',
      'Call-ID: call',
      'CSeq: 8 BYE',
    ]);
    expect(dialog.createRequest('INFO').cseq.seq).toBe(9);
  });

  it('builds the ACK with the number and the credentials of its INVITE', () => {
    const dialog = Dialog.fromResponse(invite(), answer(200));
    const ack = dialog.createAck(7);
    expect(ack.get('CSeq')).toBe('7 ACK');
    expect(ack.get('Proxy-Authorization')).toContain('alice');
    const reInvite = dialog.createRequest('INVITE');
    expect(dialog.createAck(reInvite.cseq.seq).has('Proxy-Authorization')).toBe(false);
    reInvite.set('Authorization', 'Digest username="x", realm="r"');
    expect(dialog.createAck(reInvite.cseq.seq, reInvite).has('Authorization')).toBe(true);
    expect(dialog.localSeq).toBe(8);
  });

  it('has no remote tag with an RFC 2543 peer', () => {
    const dialog = Dialog.fromResponse(invite(), SipResponse.for(invite(), 200).set('Contact', '<sip:b@c>'));
    expect(dialog.remoteTag).toBe('');
    expect(dialog.id).toBe('call;at;');
  });
});

describe('the dialog of a callee', () => {
  it('comes from the request and our tag (§12.1.1)', () => {
    const dialog = Dialog.fromRequest(invite(), 'mine');
    expect(dialog.id).toBe('call;mine;at');
    expect(dialog.state).toBe('early');
    expect(dialog.routeSet.map(String)).toEqual(['<sip:p2.example;lr>', '<sip:p1.example;lr>']);
    expect(dialog.remoteSeq).toBe(7);
    dialog.confirm(answer(200));
    expect(dialog.state).toBe('confirmed');
    expect(dialog.routeSet).toHaveLength(2);
    const bye = dialog.createRequest('BYE');
    expect(bye.get('CSeq')).toBe('1 BYE');
    expect(bye.get('From')).toBe('Bob <sip:bob@b.example>;tag=mine');
    expect(String(bye.uri)).toBe('sip:alice@10.0.0.1');
    expect(invite().to.tag).toBeUndefined();
  });

  it('needs a Contact', () => {
    const request = invite();
    request.remove('Contact');
    expect(() => Dialog.fromRequest(request, 'mine')).toThrow(/Contact/);
  });

  it('refuses requests that come too late (§12.2.2)', () => {
    const dialog = Dialog.fromRequest(invite(), 'mine');
    const request = (method: string, seq: number) =>
      new SipRequest(method, 'sip:b@c').set('CSeq', `${seq} ${method}`);
    expect(dialog.acceptRequest(request('INFO', 9))).toBe('ok');
    expect(dialog.acceptRequest(request('INFO', 8))).toBe('out-of-order');
    expect(dialog.acceptRequest(request('ACK', 7))).toBe('ok');
    expect(dialog.acceptRequest(request('BYE', 12))).toBe('ok');
    expect(dialog.remoteSeq).toBe(12);
  });

  it('follows target refreshes', () => {
    const dialog = Dialog.fromRequest(invite(), 'mine');
    dialog.refreshTarget(new SipRequest('UPDATE', 'sip:b@c').set('Contact', '<sip:alice@10.0.0.9>'));
    expect(String(dialog.remoteTarget)).toBe('sip:alice@10.0.0.9');
    dialog.refreshTarget(new SipRequest('INFO', 'sip:b@c'));
    expect(String(dialog.remoteTarget)).toBe('sip:alice@10.0.0.9');
    dialog.terminate();
    expect(dialog.state).toBe('terminated');
    dialog.confirm(answer(200));
    expect(dialog.state).toBe('terminated');
  });
});

describe('DialogTable', () => {
  it('tells the forks of one INVITE apart', () => {
    const table = new DialogTable<string>();
    const left = Dialog.fromResponse(invite(), answer(180, 'left'));
    const right = Dialog.fromResponse(invite(), answer(180, 'right'));
    table.add(left, 'left');
    table.add(right, 'right');
    const bye = new SipRequest('BYE', 'sip:alice@10.0.0.1')
      .set('From', '<sip:bob@b.example>;tag=right')
      .set('To', '<sip:alice@a.example>;tag=at')
      .set('Call-ID', 'call');
    expect(table.find(bye)).toBe('right');
    expect([...table.values()]).toEqual(['left', 'right']);
    table.remove(right);
    expect(table.find(bye)).toBeUndefined();
    expect(table.findByIds('call', 'at', 'left')).toBe('left');
    expect(table.size).toBe(1);
  });
});
