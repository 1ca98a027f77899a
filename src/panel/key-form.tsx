import { Labelled, TextArea } from "./field.tsx";
import type { Draft } from "../approval/read-answer.ts";
import { settingsParts } from "./settings.tsx";

/** The inputs of the form, and what stands in them at first. */
export const newKeyFields: ReadonlyMap<string, string> = new Map([["expires_in", "90d"]]);

/** The name of the box of a scope. */
export function scopeBox(scope: string): string {
  return `scope-${scope}`;
}

/** The form that makes an API key. It works without script. */
export function NewKeyForm({ scopes, draft }: { scopes: readonly string[]; draft: Draft }) {
  const typed = (name: string) => draft.typed.get(name) ?? "";
  return (
    <form method="post" action={settingsParts.keys.path}>
      <Labelled
        id="name"
        name="name"
        label="Name"
        hints={["What it is for; shown wherever the key does something."]}
        draft={draft}
      >
        {(tied) => <input {...tied} required maxlength={100} value={typed("name")} />}
      </Labelled>
      <fieldset>
        <legend>Scopes</legend>
        <div class="checks">
          {scopes.map((scope) => (
            <label class="check">
              <input
                type="checkbox"
                name={scopeBox(scope)}
                checked={draft.typed.has(scopeBox(scope))}
              />
              {scope}
            </label>
          ))}
        </div>
        <Labelled
          id="scopes"
          name="scopes"
          label="For single agents and teams"
          hints={["Such as agents:data-manager:run, with spaces or line ends between them."]}
          draft={draft}
        >
          {(tied) => <TextArea {...tied} rows={2} text={typed("scopes")} />}
        </Labelled>
      </fieldset>
      <Labelled
        id="groups"
        name="groups"
        label="Groups"
        hints={["Those that it counts as one of, with commas between them. May be left empty."]}
        draft={draft}
      >
        {(tied) => <input {...tied} value={typed("groups")} />}
      </Labelled>
      <Labelled
        id="expires_in"
        name="expires_in"
        label="Expires in"
        hints={["A number with a unit, such as 4h or 90d."]}
        draft={draft}
      >
        {(tied) => <input {...tied} maxlength={20} value={typed("expires_in")} />}
      </Labelled>
      <label class="check field">
        <input type="checkbox" name="endless" checked={draft.typed.has("endless")} />
        It never expires, whatever is said above
      </label>
      <div class="actions">
        <button class="yes">Make the key</button>
      </div>
    </form>
  );
}
