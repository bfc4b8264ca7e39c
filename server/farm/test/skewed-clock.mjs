// Loaded before a program (`--import`): its clock is wrong by FOLEYD_TEST_SKEW_MS, as that of a machine without NTP.
import process from 'node:process';

const skew = Number(process.env.FOLEYD_TEST_SKEW_MS ?? 0);
const Right = Date;
globalThis.Date = class extends Right {
  constructor(...given) {
    if (given.length === 0) super(Right.now() + skew);
    else super(...given);
  }

  static now() {
    return Right.now() + skew;
  }
};
