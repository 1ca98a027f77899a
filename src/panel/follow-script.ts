import { hidden } from "../approval/visible.ts";
import { maxShownLength } from "./text.ts";

/**
 * The part of the pages' script by which the page of a run that moves follows it: the text that comes in is shown as it
 * comes, and whatever else happens has the page asked for again, which is drawn by the server alone.
 */
export const followScript = `
  // ---- A run that moves is followed while it is looked at.
  let events = null;
  let step = { text: "", isDone: false };
  let due = null;
  const moving = () => document.querySelector("[data-moving]")?.dataset.moving;
  const typed = () => step;

  function show() {
    const place = document.getElementById("typing");
    if (!place) return;
    place.hidden = step.text === "";
    const words = step.text.length > ${maxShownLength} ? step.text.slice(0, ${maxShownLength}) + "…" : step.text;
    place.querySelector(".said").textContent = words.replace(${String(hidden)}, (char) =>
      char === "\\n" || char === "\\t" ? char : "\\\\u{" + char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "}");
  }
  function soon() {
    due ??= setTimeout(() => { due = null; refresh(); }, 100);
  }
  function told({ data }) {
    const { content, event, event_index: index } = JSON.parse(data);
    if (index === undefined && /^(Team)?RunContent$/.test(event)) {
      if (step.isDone) step = { text: "", isDone: false };
      step.text += content;
      return show();
    }
    // The page has the text of a step that has ended as soon as it was asked for again.
    step.isDone = true;
    soon();
  }
  /** The page is as it was when this step's text was. */
  function refreshed(before) {
    if (before.isDone && before === step) step = { text: "", isDone: false };
    follow();
    show();
  }
  function follow() {
    const run = document.hidden ? undefined : moving();
    if (!run) {
      events?.close();
      events = null;
    }
    if (!run && !moving()) step = { text: "", isDone: false };
    if (!run || events) return;
    events = new EventSource("/panel/runs/" + run + "/events");
    events.onopen = () => {
      // What is coming in is told from its beginning, and what was missed is on the page.
      step = { text: "", isDone: false };
      soon();
    };
    for (const name of ${JSON.stringify(eventNames())}) events.addEventListener(name, told);
    events.onerror = soon;
  }
  document.addEventListener("visibilitychange", () => { if (moving()) { follow(); if (!document.hidden) soon(); } });
  // Where the stream cannot be had, the page is asked for again now and then, and the stream with it.
  setInterval(() => {
    if (document.hidden || !moving() || events?.readyState === 1) return;
    if (events?.readyState === 2) events = null;
    soon();
  }, 5000);
`;

function eventNames(): string[] {
  const names = [
    "RunStarted",
    "RunContent",
    "RunContentCompleted",
    "ToolCallStarted",
    "ToolCallCompleted",
    "ToolCallError",
    "RunPaused",
    "RunContinued",
    "RunCompleted",
    "RunError",
    "RunCancelled",
  ];
  return names.flatMap((name) => [name, `Team${name}`]);
}
