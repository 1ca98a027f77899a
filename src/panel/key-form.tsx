import { Labelled, TextArea } from "./field.tsx";
import type { Draft } from "../approval/read-answer.ts";
import { settingsParts } from "./settings.tsx";
import { words } from "./words.ts";

const say = words.apiKeys.form;

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
      <Labelled id="name" name="name" label={say.name} hints={[say.nameHint]} draft={draft}>
        {(tied) => <input {...tied} required maxlength={100} value={typed("name")} />}
      </Labelled>
      <fieldset>
        <legend>{words.apiKeys.scopes}</legend>
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
          label={say.single}
          hints={[say.singleHint]}
          draft={draft}
        >
          {(tied) => <TextArea {...tied} rows={2} text={typed("scopes")} />}
        </Labelled>
      </fieldset>
      <Labelled
        id="groups"
        name="groups"
        label={words.apiKeys.groups}
        hints={[say.groupsHint]}
        draft={draft}
      >
        {(tied) => <input {...tied} value={typed("groups")} />}
      </Labelled>
      <Labelled
        id="expires_in"
        name="expires_in"
        label={say.expires}
        hints={[say.expiresHint]}
        draft={draft}
      >
        {(tied) => <input {...tied} maxlength={20} value={typed("expires_in")} />}
      </Labelled>
      <label class="check field">
        <input type="checkbox" name="endless" checked={draft.typed.has("endless")} />
        {say.endless}
      </label>
      <div class="actions">
        <button class="yes">{say.press}</button>
      </div>
    </form>
  );
}
