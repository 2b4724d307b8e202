// What the introspected schema declares, as JSON: read from drizzle's own objects, so that it has to be valid and whole.
import { is } from "drizzle-orm";
import { getTableConfig, isPgEnum, PgTable } from "drizzle-orm/pg-core";
import * as schema from "./out/schema.ts";

const declared = Object.values(schema);
const tables = declared.filter((value) => is(value, PgTable)).map((value) => getTableConfig(value as PgTable));
const names = (columns: { name: string }[]) => columns.map((column) => column.name);

console.log(
  JSON.stringify({
    enums: Object.fromEntries(declared.filter(isPgEnum).map((type) => [type.enumName, type.enumValues])),
    tables: Object.fromEntries(
      tables.map((table) => [
        table.name,
        {
          columns: Object.fromEntries(table.columns.map((c) => [c.name, [c.getSQLType(), c.notNull]])),
          key: [...names(table.columns.filter((c) => c.primary)), ...table.primaryKeys.flatMap((k) => names(k.columns))],
          unique: table.uniqueConstraints.map((constraint) => names(constraint.columns)),
          references: table.foreignKeys.map((key) => {
            const { columns, foreignTable, foreignColumns } = key.reference();
            return [names(columns), getTableConfig(foreignTable).name, names(foreignColumns), key.onDelete];
          }),
        },
      ]),
    ),
  }),
);
