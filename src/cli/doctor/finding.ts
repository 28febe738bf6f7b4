/** What a check of the doctor found wrong, and what to do about it. */
export class Finding extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}
