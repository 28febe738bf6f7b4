// The flat API of settings and notifications, in process: registers, calls the echo number, hangs up when it speaks.
import { Webphone } from 'switchhook/webphone';

const webphone = new Webphone({
  settings: {
    serveraddress: process.env.SIP_SERVER, // every setting: switchhook settings
    username: process.env.SIP_USER,
    password: process.env.SIP_PASSWORD,
    useaudiodevicerecord: 'false', // no microphone, no speaker
    useaudiodeviceplayback: 'false',
  },
});
try {
  for await (const notification of webphone.notifications) {
    console.log(String(notification)); // as programs in other languages read it
    if (notification.kind === 'CDR') break;
    if (notification.kind !== 'STATUS') continue;
    const { line, statustext } = notification;
    if (line === -1 && statustext === 'Registered.') webphone.API_Call(-1, 'echo');
    if (line === 1 && statustext === 'Speaking') setTimeout(() => webphone.API_Hangup(-1), 1000);
  }
} finally {
  await webphone.close();
}
