/** The webphone: string parameters, functions and notifications over the phone of the SDK. */
export { deviceId } from './device-id.js';
export type { ApiArguments } from './functions/execute.js';
export type { ApiValue, ArgumentSpec, FunctionGroup, FunctionSpec, ReturnType } from './functions/spec.js';
export { FUNCTIONS, findFunction } from './functions/table.js';
export { type AccountSettings, accountSettings } from './mapping/account-options.js';
export { callOptions, callPolicies, holdOptions } from './mapping/call-options.js';
export { mediaOptions } from './mapping/media-options.js';
export { phoneOptions } from './mapping/phone-options.js';
export { policyOptions } from './mapping/policy-options.js';
export type {
  ApiListener,
  ApiListenerObject,
  ApiMethods,
  ApiTlsContext,
  Bool,
  Int,
  Text,
} from './methods/index.js';
export * from './notifications/index.js';
export { packageVersion } from './package-version.js';
export {
  explainParameter,
  nearestWords,
  parametersByGroup,
  searchParameters,
  statusText,
} from './parameters/describe.js';
export { settingsSchema } from './parameters/json-schema.js';
export { type ResolvedName, resolveName, unknownName } from './parameters/names.js';
export { PARAMETERS, type ParameterName, type SettingValues } from './parameters/parameters.js';
export { settingsPage } from './parameters/reference-page.js';
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
  type LoadOptions,
  loadSettings,
  type SettingSources,
  type SettingsKeeper,
} from './settings/load-settings.js';
export { machineKey } from './settings/machine-key.js';
export { shownSetting } from './settings/redact.js';
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
export { settingsFromSip } from './settings/settings-from-sip.js';
export { type KeptSettings, type LoadResult, SettingsStore } from './settings/settings-store.js';
export {
  CONFIG_FILE,
  fromArguments,
  fromEnvironment,
  fromFile,
  fromLines,
  type SettingPair,
} from './settings/sources.js';
export { type ApiClient, Webphone, type WebphoneOptions } from './webphone.js';
export type { LogLine, WebphoneLog } from './webphone-log.js';
