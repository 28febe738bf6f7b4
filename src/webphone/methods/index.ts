/** Every `API_` method. Written by `npm run docs`. */
import type { AccountsMethods } from './accounts.js';
import type { AudioMethods } from './audio.js';
import type { CallsMethods } from './calls.js';
import type { ChatMethods } from './chat.js';
import type { ConferenceMethods } from './conference.js';
import type { ContactsMethods } from './contacts.js';
import type { DtmfMethods } from './dtmf.js';
import type { FilesMethods } from './files.js';
import type { HttpMethods } from './http.js';
import type { LifecycleMethods } from './lifecycle.js';
import type { LinesMethods } from './lines.js';
import type { ListsMethods } from './lists.js';
import type { LogsMethods } from './logs.js';
import type { NotificationsMethods } from './notifications.js';
import type { PresenceMethods } from './presence.js';
import type { RecordingMethods } from './recording.js';
import type { SettingsMethods } from './settings.js';
import type { SipMethods } from './sip.js';
import type { StatusMethods } from './status.js';
import type { StreamingMethods } from './streaming.js';
import type { VideoMethods } from './video.js';

export type { ApiListener, ApiListenerObject, ApiTlsContext, Bool, Int, Text } from './types.js';

export type ApiMethods = AccountsMethods &
  AudioMethods &
  CallsMethods &
  ChatMethods &
  ConferenceMethods &
  ContactsMethods &
  DtmfMethods &
  FilesMethods &
  HttpMethods &
  LifecycleMethods &
  LinesMethods &
  ListsMethods &
  LogsMethods &
  NotificationsMethods &
  PresenceMethods &
  RecordingMethods &
  SettingsMethods &
  SipMethods &
  StatusMethods &
  StreamingMethods &
  VideoMethods;
