// drizzle-seed into PostgreSQL, tables that are there. Arguments: shape, URL.
import { readFileSync } from 'node:fs';
import { drizzle } from 'drizzle-orm/node-postgres';
import { boolean, date, doublePrecision, integer, pgEnum, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { seed } from 'drizzle-seed';
import pg from 'pg';

const started = performance.now();
const [file, url] = process.argv.slice(2);
const { tables } = JSON.parse(readFileSync(file, 'utf8'));
const types = { text, json: text, int: integer, float: doublePrecision, bool: boolean };
const schema = {};

function column(about) {
  const { kind, name, type } = about;
  if (kind === 'enum') return pgEnum(type, about.values)(name);
  if (kind === 'timestamp') return timestamp(name, { mode: 'string' });
  if (kind === 'date') return date(name, { mode: 'string' });
  return types[kind](name);
}

function built(table) {
  const columns = {};
  for (const about of table.columns) {
    let made = column(about);
    if (about.unique && about.how !== 'parent') made = made.unique().notNull();
    else if (about.nulls === 0) made = made.notNull();
    if (about.how === 'parent') made = made.references(() => Object.values(schema[about.table])[0]);
    columns[about.name] = made;
  }
  return pgTable(table.name, columns);
}

function generator(f, about) {
  switch (about.how) {
    case 'key': return f.uuid();
    case 'name': return f.fullName();
    case 'email': return f.email();
    case 'bool': return f.boolean();
    case 'values': return f.valuesFromArray({ values: about.values });
    case 'int': return f.int({ minValue: about.low, maxValue: about.high });
    case 'float': return f.number({ minValue: about.low, maxValue: about.high, precision: 10 ** Math.min(3, about.decimals) });
    case 'date': return f.date({ minDate: about.low, maxDate: about.high });
    case 'timestamp': return f.timestamp();
  }
}

for (const table of tables) schema[table.name] = built(table);
const pool = new pg.Pool({ connectionString: url, max: 1 });
const ready = performance.now();
const before = process.cpuUsage();
await seed(drizzle(pool), schema, { seed: 42 }).refine((f) =>
  Object.fromEntries(tables.map((table) => [table.name, {
    count: table.rows,
    columns: Object.fromEntries(
      table.columns.filter((c) => c.how !== 'parent').map((c) => [c.name, generator(f, c)]),
    ),
  }])),
);
const done = performance.now();
const { user, system } = process.cpuUsage(before);
await pool.end();
console.log(JSON.stringify({ start: (ready - started) / 1000, seconds: (done - ready) / 1000, cpu: (user + system) / 1e6 }));
