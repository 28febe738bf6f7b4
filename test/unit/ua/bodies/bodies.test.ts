import { describe, expect, it } from 'vitest';
import {
  ConferenceView,
  type DialogInfo,
  DialogTableView,
  parseCpim,
  parseDialogInfo,
  parseImdn,
  parseIsComposing,
  parseMessageSummary,
  parsePidf,
  parseRegInfo,
  parseSipfrag,
  printCpim,
  printDialogInfo,
  printImdn,
  printIsComposing,
  printMessageSummary,
  printPidf,
  printSipfrag,
} from '../../../../src/ua/index.js';

describe('PIDF', () => {
  it('reads status, activities, notes and names, wherever devices put them', () => {
    const document = parsePidf(`<?xml version="1.0" encoding="UTF-8"?>
      <presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
        xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" entity="pres:bob@example.com">
        <tuple id="a1"><status><basic> Open </basic></status><contact priority="0.8">sip:bob@10.0.0.2</contact></tuple>
        <tuple id="m"><status><basic>closed</basic><r:activities><r:meeting/></r:activities></status></tuple>
        <note>in town</note>
        <dm:person id="p"><r:activities><r:on-the-phone/><r:note>x</r:note></r:activities></dm:person>
      </presence>`);
    expect(document).toEqual({
      entity: 'pres:bob@example.com',
      tuples: [
        { id: 'a1', basic: 'open', contact: 'sip:bob@10.0.0.2', note: undefined },
        { id: 'm', basic: 'closed', contact: undefined, note: undefined },
      ],
      activities: ['on-the-phone', 'meeting'],
      note: 'in town',
      displayName: undefined,
    });
  });

  it('prints what it reads', () => {
    const document = {
      entity: 'sip:bob@x',
      tuples: [{ id: 't', basic: 'open' as const, contact: 'sip:bob@x', note: undefined }],
      activities: ['away'],
      note: 'a <b>',
      displayName: 'Bob & Co',
    };
    expect(parsePidf(printPidf(document))).toEqual(document);
  });
});

describe('dialog-info', () => {
  const document = (version: number, full: boolean, ...dialogs: DialogInfo[]) => ({
    entity: 'sip:bob@x',
    version,
    full,
    dialogs,
  });

  it('prints what it reads', () => {
    const one = document(3, false, {
      id: 'd1',
      state: 'terminated',
      event: 'rejected',
      code: 486,
      direction: 'recipient',
      callId: 'c@x',
      localTag: 'l',
      remoteTag: 'r',
      local: { identity: 'sip:bob@x', displayName: undefined, target: 'sip:bob@10.0.0.2' },
      remote: { identity: 'sip:al@x', displayName: 'Al', target: undefined },
    });
    expect(parseDialogInfo(printDialogInfo(one))).toEqual(one);
    expect(
      parseDialogInfo('<dialog-info version="x"><dialog id="1"><state>odd</state></dialog></dialog-info>'),
    ).toMatchObject({
      version: 0,
      full: true,
      dialogs: [{ id: '1', state: undefined }],
    });
  });

  it('full replaces, partial adds; versions tell what is old and what was lost (§4.3)', () => {
    const view = new DialogTableView();
    const early: DialogInfo = { id: 'a', state: 'early', direction: 'recipient', callId: 'c' };
    expect(view.apply(document(0, true, early))).toMatchObject({
      changed: [{ state: 'early' }],
      refresh: false,
    });
    expect(view.apply(document(1, false, { id: 'a', state: 'confirmed' }))?.changed).toMatchObject([
      { id: 'a', state: 'confirmed', direction: 'recipient', callId: 'c' },
    ]);
    expect(view.apply(document(0, false, { id: 'a', state: 'early' }))).toBeUndefined();
    expect(view.apply(document(4, false, { id: 'b', state: 'trying' }))).toMatchObject({ refresh: true });
    expect(view.dialogs.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(view.apply(document(5, true, { id: 'b', state: 'trying' }))?.changed).toMatchObject([
      { id: 'a', state: 'terminated' },
    ]);
    expect(view.apply(document(6, false, { id: 'b', state: 'terminated' }))?.changed).toHaveLength(1);
    expect(view.dialogs).toEqual([]);
    expect(new DialogTableView().apply(document(7, false))).toMatchObject({ refresh: true });
  });
});

describe('message-summary', () => {
  it('reads the example of RFC 3842 §3.6 and sloppy ones', () => {
    const summary = parseMessageSummary(
      'Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\nVoice-Message: 2/8 (0/2)\r\nFax-Message: 1/0\r\n\r\nTo: alice\r\n',
    );
    expect(summary).toMatchObject({
      waiting: true,
      account: 'sip:alice@vmail.example.com',
      voice: { new: 2, old: 8, urgentNew: 0, urgentOld: 2 },
      text: '2/8 (0/2)',
    });
    expect(summary?.counts.get('fax-message')).toMatchObject({ new: 1, old: 0 });
    expect(parseMessageSummary('voice-message:3/0\n')).toMatchObject({ waiting: true, voice: { new: 3 } });
    expect(parseMessageSummary('MESSAGES-WAITING:No')).toMatchObject({ waiting: false, voice: undefined });
    expect(parseMessageSummary('<xml/>')).toBeUndefined();
  });

  it('prints what it reads', () => {
    const text = printMessageSummary({
      waiting: true,
      account: 'sip:vm@x',
      voice: { new: 1, old: 2, urgentNew: 1 },
    });
    expect(text).toBe('Messages-Waiting: yes\r\nMessage-Account: sip:vm@x\r\nVoice-Message: 1/2 (1/0)\r\n');
    expect(parseMessageSummary(text)?.voice).toEqual({ new: 1, old: 2, urgentNew: 1, urgentOld: 0 });
  });
});

describe('reginfo', () => {
  it('reads registrations and contacts', () => {
    expect(
      parseRegInfo(`<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="1" state="partial">
        <registration aor="sip:joe@x" id="a7" state="active">
          <contact id="76" state="active" event="registered" expires="3600"><uri>sip:joe@pc</uri><display-name>Joe</display-name></contact>
          <contact id="77" state="terminated" event="probation" retry-after="36001"><uri>sip:joe@old</uri></contact>
        </registration></reginfo>`),
    ).toEqual({
      version: 1,
      full: false,
      registrations: [
        {
          id: 'a7',
          aor: 'sip:joe@x',
          state: 'active',
          contacts: [
            {
              id: '76',
              uri: 'sip:joe@pc',
              state: 'active',
              event: 'registered',
              displayName: 'Joe',
              expires: 3600,
              retryAfter: undefined,
            },
            {
              id: '77',
              uri: 'sip:joe@old',
              state: 'terminated',
              event: 'probation',
              displayName: undefined,
              expires: undefined,
              retryAfter: 36001,
            },
          ],
        },
      ],
    });
  });
});

describe('conference-info', () => {
  const user = (entity: string, status: string, state = 'full'): string =>
    `<user entity="${entity}" state="${state}"><display-text>${entity}</display-text><endpoint entity="${entity}"><status>${status}</status></endpoint></user>`;
  const document = (version: number, state: string, inner: string, users = 'full'): string =>
    `<conference-info xmlns="urn:ietf:params:xml:ns:conference-info" entity="sip:conf@x" state="${state}" version="${version}">
      <conference-description><subject>Agenda</subject></conference-description><users state="${users}">${inner}</users></conference-info>`;

  it('merges partial documents by their version', () => {
    const view = new ConferenceView();
    expect(view.apply(document(1, 'partial', ''))).toBe('refresh');
    expect(view.apply(document(1, 'full', user('bob', 'connected') + user('al', 'on-hold')))).toBe('ok');
    expect(view.info?.users.map(({ entity, status }) => `${entity} ${status}`)).toEqual([
      'bob connected',
      'al on-hold',
    ]);
    expect(
      view.apply(
        document(2, 'partial', `${user('cy', 'alerting')}<user entity="bob" state="deleted"/>`, 'partial'),
      ),
    ).toBe('ok');
    expect(view.info?.users.map(({ entity }) => entity)).toEqual(['al', 'cy']);
    expect(view.apply(document(2, 'partial', user('x', 'alerting'), 'partial'))).toBe('old');
    expect(
      view.apply(
        document(
          9,
          'partial',
          `<user entity="al" state="partial"><roles><entry>host</entry></roles></user>`,
          'partial',
        ),
      ),
    ).toBe('refresh');
    expect(view.info?.users[0]).toMatchObject({ entity: 'al', status: 'on-hold', roles: ['host'] });
    expect(view.apply(document(10, 'deleted', ''))).toBe('ok');
    expect(view.deleted).toBe(true);
    expect(view.info?.subject).toBe('Agenda');
  });
});

describe('bodies of messages', () => {
  it('CPIM with the headers of IMDN, escaped and back', () => {
    const message = {
      from: 'Alice <sip:alice@x>',
      to: '<sip:bob@x>',
      subject: 'back\\slash\r\nand line',
      dateTime: '2026-01-01T00:00:00Z',
      messageId: '34jk324j',
      dispositions: ['positive-delivery', 'display'],
      contentType: 'text/plain; charset=utf-8',
      body: 'Hello\r\n\r\nWorld',
    };
    expect(parseCpim(printCpim(message))).toEqual(message);
    expect(parseCpim('no headers')).toBeUndefined();
    expect(
      parseCpim(
        'From: <im:a@x>\r\nNS: MyFeatures <mid:x>\r\nMyFeatures.Vital: yes\r\n\r\nContent-Type: text/html\r\n\r\n<b>',
      ),
    ).toMatchObject({ from: '<im:a@x>', messageId: undefined, contentType: 'text/html', body: '<b>' });
  });

  it('IMDN', () => {
    const report = {
      messageId: 'x1',
      dateTime: '2026-01-01T00:00:00Z',
      kind: 'delivery',
      status: 'delivered',
    } as const;
    expect(parseImdn(printImdn(report))).toEqual(report);
    expect(
      parseImdn(
        '<imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>7</message-id><display-notification><status><displayed/></status></display-notification></imdn>',
      ),
    ).toMatchObject({ kind: 'display', status: 'displayed' });
    expect(parseImdn('<imdn><message-id>7</message-id></imdn>')).toBeUndefined();
    expect(parseImdn('<imdn/>')).toBeUndefined();
  });

  it('isComposing', () => {
    const active = { state: 'active', contentType: 'text/plain', refresh: 90 } as const;
    expect(parseIsComposing(printIsComposing(active))).toEqual(active);
    expect(parseIsComposing('<isComposing><state>dreaming</state></isComposing>').state).toBe('idle');
  });

  it('sipfrag', () => {
    expect(parseSipfrag(printSipfrag(503, 'Service Unavailable'))).toEqual({
      status: 503,
      reason: 'Service Unavailable',
    });
    expect(parseSipfrag('SIP/2.0 200 OK\r\nTo: x\r\n')).toEqual({ status: 200, reason: 'OK' });
    expect(parseSipfrag('INVITE sip:x SIP/2.0')).toBeUndefined();
  });
});
