/** Supervisors who listen in: a hidden leg that hears all calls of this phone and is heard by none. */

export interface BargeInOptions {
  /** An INVITE with this text is answered at once, without a word to the application; whatever the case of the letters. */
  match?: string;
}
