import { visible } from "../approval/visible.ts";
import { Labelled } from "./field.tsx";
import { Moment } from "./moment.tsx";
import { type Draft, emptyDraft } from "../approval/read-answer.ts";
import { type Frame, Settings, settingsParts } from "./settings.tsx";
import { words } from "./words.ts";

/** A kill switch, with the state that it was last brought into; null where nobody ever turned it. */
export interface SwitchShown {
  id: string;
  name: string;
  kind: "everything" | "team" | "agent";
  state: {
    paused: boolean;
    reason: string | null;
    changed_by: string;
    /** Epoch seconds. */
    changed_at: number;
  } | null;
}

export interface KillSwitchProps {
  switches: readonly SwitchShown[];
  frame: Frame;
  nowMs: number;
  /** What was typed for one of them and not taken. */
  refused?: { id: string; draft: Draft } | undefined;
}

/** Every kill switch, and the form that turns it. */
export function KillSwitch({ switches, frame, nowMs, refused }: KillSwitchProps) {
  return (
    <Settings
      part="switches"
      frame={frame}
      problem={refused === undefined ? undefined : words.switches.refused}
    >
      <p>{words.switches.about}</p>
      <ul class="list">
        {switches.map((one, at) => (
          <Switch
            one={one}
            at={at}
            nowMs={nowMs}
            draft={refused?.id === one.id ? refused.draft : emptyDraft}
          />
        ))}
      </ul>
    </Settings>
  );
}

interface SwitchProps {
  one: SwitchShown;
  at: number;
  nowMs: number;
  draft: Draft;
}

function Switch({ one: { id, kind, name, state }, at, nowMs, draft }: SwitchProps) {
  const isPaused = state?.paused === true;
  const what = visible(name);
  return (
    <li class="card">
      <h2>
        {kind === "everything" ? words.switches.title : what}
        {kind !== "everything" && <span class="dim"> {words.switches.kinds[kind]}</span>}
      </h2>
      <p>
        <span class={isPaused ? "paused" : "going"}>
          {isPaused ? words.switches.paused : words.switches.notPaused}
        </span>
        {state !== null &&
          words.switches.by(
            visible(state.changed_by),
            <Moment seconds={state.changed_at} nowMs={nowMs} />,
          )}
      </p>
      {state?.reason != null && <p class="said">{visible(state.reason)}</p>}
      <form method="post" action={settingsParts.switches.path}>
        <input type="hidden" name="id" value={id} />
        {isPaused ? (
          <button class="yes" name="turn" value="unpause">
            {words.switches.unpause(what)}
          </button>
        ) : (
          <>
            <Labelled
              id={`reason-${at}`}
              name="reason"
              label={
                <>
                  {words.switches.why(what)} <span class="dim">{words.switches.whyHint}</span>
                </>
              }
              draft={draft}
            >
              {(tied) => <input {...tied} value={draft.typed.get("reason") ?? ""} />}
            </Labelled>
            <button class="no" name="turn" value="pause">
              {words.switches.pause(what)}
            </button>
          </>
        )}
      </form>
    </li>
  );
}
