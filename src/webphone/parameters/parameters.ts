/** The parameter table: every setting once. */
import type { SettingValue } from './spec.js';
import { account } from './tables/account-table.js';
import { api } from './tables/api-table.js';
import { audioDevice } from './tables/audio-device-table.js';
import { audioProcessing } from './tables/audio-processing-table.js';
import { callHandling } from './tables/call-handling-table.js';
import { codec } from './tables/codec-table.js';
import { gui } from './tables/gui-table.js';
import { holdMute } from './tables/hold-mute-table.js';
import { identity } from './tables/identity-table.js';
import { ims } from './tables/ims-table.js';
import { lifecycle } from './tables/lifecycle-table.js';
import { logging } from './tables/logging-table.js';
import { media } from './tables/media-table.js';
import { messaging } from './tables/messaging-table.js';
import { nat } from './tables/nat-table.js';
import { recording } from './tables/recording-table.js';
import { sdp } from './tables/sdp-table.js';
import { security } from './tables/security-table.js';
import { servers } from './tables/servers-table.js';
import { signaling } from './tables/signaling-table.js';
import { storage } from './tables/storage-table.js';
import { streaming } from './tables/streaming-table.js';
import { transfer } from './tables/transfer-table.js';
import { transport } from './tables/transport-table.js';
import { video } from './tables/video-table.js';

export const PARAMETERS = [
  ...account,
  ...api,
  ...audioDevice,
  ...audioProcessing,
  ...callHandling,
  ...codec,
  ...gui,
  ...holdMute,
  ...identity,
  ...ims,
  ...lifecycle,
  ...logging,
  ...media,
  ...messaging,
  ...nat,
  ...recording,
  ...sdp,
  ...security,
  ...servers,
  ...signaling,
  ...storage,
  ...streaming,
  ...transfer,
  ...transport,
  ...video,
] as const;

/** The names of the table. */
export type ParameterName = (typeof PARAMETERS)[number]['name'];

/** Place holders in the names of families, such as `usernameN`, as types. */
type Spelling<Name extends string> = Name extends `externapiX_${infer Rest}`
  ? `externapi${number}_${Rest}`
  : Name extends `${infer Stem}_USERNAME`
    ? `${Stem}_${string}`
    : Name extends `${infer Stem}N`
      ? `${Stem}${number}`
      : Name;

/** Settings by name: those of the table, and members of families such as `username2`. A misspelt one is an error of types. */
export type SettingValues = { readonly [Name in ParameterName as Spelling<Name>]?: SettingValue };
