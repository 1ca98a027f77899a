import type { Draft } from "../approval/read-answer.ts";
import { visible } from "../approval/visible.ts";
import { Labelled, TextArea } from "./field.tsx";
import { TriggerPage, type TriggerPart, triggerParts } from "./trigger-page.tsx";
import { words } from "./words.ts";

export interface NewScheduleProps {
  parts: readonly TriggerPart[];
  /** Those that whoever looks at it may run. */
  agents: readonly { id: string; name: string; kind: "agent" | "team" }[];
  draft: Draft;
  /** What the last attempt came to, where it did not go through. */
  problem?: string | undefined;
}

const say = words.newSchedule;

/** What stands in the form at first. */
export const newScheduleFields: ReadonlyMap<string, string> = new Map([
  ["timezone", "UTC"],
  ["overlap", "skip"],
  ["missed", "run_once"],
]);

/** The form that makes a schedule. It works without script. */
export function NewSchedule({ parts, agents, draft, problem }: NewScheduleProps) {
  return (
    <TriggerPage part="create" parts={parts} title={say.title} problem={problem}>
      {agents.length === 0 ? (
        <p class="card">{say.noAgents}</p>
      ) : (
        <Form agents={agents} draft={draft} />
      )}
    </TriggerPage>
  );
}

function Form({ agents, draft }: Pick<NewScheduleProps, "agents" | "draft">) {
  const typed = (name: string) => draft.typed.get(name) ?? "";
  return (
    <form method="post" action={triggerParts.create.path}>
      <Labelled id="agent_id" name="agent_id" label={say.agent} draft={draft}>
        {(tied) => (
          <select {...tied} required>
            {agents.map(({ id, kind, name }) => (
              <option value={id} selected={id === typed("agent_id")}>
                {`${visible(name)} ${say.kinds[kind]}`}
              </option>
            ))}
          </select>
        )}
      </Labelled>
      <Labelled
        id="message"
        name="message"
        label={say.message}
        hints={[say.messageHint]}
        draft={draft}
      >
        {(tied) => <TextArea {...tied} rows={3} required text={typed("message")} />}
      </Labelled>
      <Labelled id="cron" name="cron" label={say.cron} hints={[say.cronHint]} draft={draft}>
        {(tied) => (
          <input {...tied} required maxlength={255} autocomplete="off" value={typed("cron")} />
        )}
      </Labelled>
      <Labelled
        id="timezone"
        name="timezone"
        label={say.timezone}
        hints={[say.timezoneHint]}
        draft={draft}
      >
        {(tied) => (
          <input {...tied} required maxlength={64} autocomplete="off" value={typed("timezone")} />
        )}
      </Labelled>
      <Rule
        name="overlap"
        label={words.schedule.overlap}
        rules={words.schedule.overlaps}
        draft={draft}
      />
      <Rule
        name="missed"
        label={words.schedule.missed}
        rules={words.schedule.misses}
        draft={draft}
      />
      <Labelled
        id="id"
        name="id"
        label={
          <>
            {say.id} <span class="dim">{words.answer.mayBeEmpty}</span>
          </>
        }
        hints={[say.idHint]}
        draft={draft}
      >
        {(tied) => <input {...tied} maxlength={63} autocomplete="off" value={typed("id")} />}
      </Labelled>
      <div class="actions">
        <button class="yes">{say.press}</button>
      </div>
    </form>
  );
}

interface RuleProps {
  name: string;
  label: string;
  /** What each rule says, by its name. */
  rules: Readonly<Record<string, string>>;
  draft: Draft;
}

function Rule({ name, label, rules, draft }: RuleProps) {
  return (
    <Labelled id={name} name={name} label={label} draft={draft}>
      {(tied) => (
        <select {...tied}>
          {Object.entries(rules).map(([rule, text]) => (
            <option value={rule} selected={rule === draft.typed.get(name)}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}
