import { nameOf, type Parameter, type Schema } from "./api-document.ts";
import { Prose } from "./prose.tsx";

/** The fields of an object, and of the objects in it; nothing where the schema has none. */
export function Fields({ schema }: { schema: Schema }) {
  const { properties = {}, required = [] } = schema;
  const fields = Object.entries(properties);
  if (fields.length === 0) return null;
  return (
    <dl class="fields">
      {fields.map(([name, field]) => (
        <Field name={name} schema={field} optional={!required.includes(name)} />
      ))}
    </dl>
  );
}

/** What goes into the path, the query and the headers. */
export function Parameters({ parameters }: { parameters: readonly Parameter[] }) {
  return (
    <dl class="fields">
      {parameters.map(({ description = "", in: place, name, required, schema }) => (
        <Field
          name={name}
          place={place}
          schema={{ ...schema, description }}
          optional={required !== true}
        />
      ))}
    </dl>
  );
}

interface FieldProps {
  name: string;
  place?: string;
  schema: Schema;
  optional: boolean;
}

function Field({ name, optional, place, schema }: FieldProps) {
  return (
    <>
      <dt>
        <code>{name}</code>
        <small>
          {place !== undefined && `${place}, `}
          <Type schema={schema} />
          {optional && ", optional"}
        </small>
      </dt>
      <dd>
        <Prose text={[schema.description, ...limitsOf(schema)].filter(Boolean).join(" ")} />
        <Fields schema={innermost(schema)} />
      </dd>
    </>
  );
}

/** A type in words, with a link to where it is described. */
export function Type({ schema }: { schema: Schema }) {
  const name = nameOf(schema);
  if (name !== null) return <a href={`#schema-${name}`}>{name}</a>;
  const { anyOf, items, oneOf, type } = schema;
  const ways = anyOf ?? oneOf;
  if (ways !== undefined)
    return (
      <>
        {ways.map((one, i) => (
          <>
            {i > 0 && " or "}
            <Type schema={one} />
          </>
        ))}
      </>
    );
  const types = [type ?? "any"].flat();
  if (items === undefined) return <>{types.join(" or ")}</>;
  return (
    <>
      array of <Type schema={items} />
      {types.includes("null") && " or null"}
    </>
  );
}

/** The schema of what an array holds, as deep as it goes. */
function innermost(schema: Schema): Schema {
  return schema.items === undefined ? schema : innermost(schema.items);
}

function limitsOf(schema: Schema): string[] {
  const { default: fallback, maximum, maxItems, maxLength, minimum } = schema;
  const values = schema.enum?.filter((value) => value !== null) ?? [];
  const told: string[] = [];
  if (values.length > 1) told.push(`One of ${values.map((value) => `\`${value}\``).join(", ")}.`);
  if (minimum !== undefined && maximum !== undefined && maximum <= 10_000)
    told.push(`From ${minimum} to ${maximum}.`);
  if (maxLength !== undefined) told.push(`At most ${maxLength} characters.`);
  if (maxItems !== undefined) told.push(`At most ${maxItems}.`);
  if (fallback !== undefined) told.push(`Default: \`${JSON.stringify(fallback)}\`.`);
  return told;
}
