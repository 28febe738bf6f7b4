/** The webphone: string parameters and functions over the phone of the SDK. */
export { nearestName, type ResolvedName, resolveName } from './parameters/names.js';
export { PARAMETERS, type ParameterName } from './parameters/parameters.js';
export {
  type ParameterSpec,
  type SettingEffect,
  type SettingScope,
  type SettingStatus,
  type SettingType,
  type SettingValue,
  STATUS_TEXTS,
  WAITING,
} from './parameters/spec.js';
export {
  decryptValue,
  type EncryptionMethod,
  encryptValue,
  isEncrypted,
} from './settings/encrypted-value.js';
export {
  GLOBAL,
  NEXT_LINE,
  type SetOptions,
  type SetResult,
  type SettingChange,
  type SettingOrigin,
  Settings,
  type SettingsEvents,
  type SettingsOptions,
  type SettingsReader,
} from './settings/settings.js';
