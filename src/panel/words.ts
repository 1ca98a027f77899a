import * as approvals from "./words/approvals.ts";
import * as frame from "./words/frame.ts";
import * as runs from "./words/runs.ts";
import * as settings from "./words/settings.ts";
import * as triggers from "./words/triggers.ts";

/** Everything that the pages say in their own words. What other rooms say, such as an error's message, comes from there. */
const english = {
  /** As HTML names it; times are told in it. */
  language: "en",
  ...frame,
  ...approvals,
  ...runs,
  ...settings,
  ...triggers,
};

/** Another language is an object of this type. */
export type Words = typeof english;

export const words: Words = english;
