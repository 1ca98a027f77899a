import { visible } from "../approval/visible.ts";
import { Labelled } from "./field.tsx";
import { Moment } from "./moment.tsx";
import { type Draft, emptyDraft } from "../approval/read-answer.ts";
import { type Frame, Settings, settingsParts } from "./settings.tsx";

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
      problem={refused === undefined ? undefined : "Nothing was paused: see what is said below."}
    >
      <p>
        While a switch is on, no gated call of its starts. Approvals wait, can be decided and keep
        their decision; what has started goes on. Pausing a team pauses all its members' work for
        it.
      </p>
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
        {kind === "everything" ? "Everything" : what}
        {kind !== "everything" && <span class="dim"> ({kind})</span>}
      </h2>
      <p>
        <span class={isPaused ? "paused" : "going"}>{isPaused ? "Paused" : "Not paused"}</span>
        {state !== null && (
          <>
            {`, by ${visible(state.changed_by)}, `}
            <Moment seconds={state.changed_at} nowMs={nowMs} />
          </>
        )}
      </p>
      {state?.reason != null && <p class="said">{visible(state.reason)}</p>}
      <form method="post" action={settingsParts.switches.path}>
        <input type="hidden" name="id" value={id} />
        {isPaused ? (
          <button class="yes" name="turn" value="unpause">
            Unpause {what}
          </button>
        ) : (
          <>
            <Labelled
              id={`reason-${at}`}
              name="reason"
              label={
                <>
                  Why pause {what}? <span class="dim">(shown wherever calls are held)</span>
                </>
              }
              draft={draft}
            >
              {(tied) => <input {...tied} value={draft.typed.get("reason") ?? ""} />}
            </Labelled>
            <button class="no" name="turn" value="pause">
              Pause {what}
            </button>
          </>
        )}
      </form>
    </li>
  );
}
