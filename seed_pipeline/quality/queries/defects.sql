-- The number of labels of each kind and table, against what the settings inject.
WITH wanted AS (SELECT label, expected_defect.n AS expected FROM expected_defect SEMI JOIN given USING (table_name)),
sums AS (
    SELECT defect || ' ' || table_name || if(valid, '', ', invalid') AS label, count(*) AS n
    FROM truth_defects
    GROUP BY label
)
SELECT label, greatest(coalesce(n, 0), 1) AS n, coalesce(n, 0) AS observed,
       coalesce(expected, 0) AS expected, coalesce(expected, 0) AS low, coalesce(expected, 0) AS high
FROM wanted
FULL JOIN sums USING (label);

-- Labels of rows that are not there or were made for the cast, and labels that name the wrong statement.
WITH cast_member AS (SELECT user_id AS id FROM truth_personas UNION SELECT session_id FROM truth_sessions),
made AS (
    SELECT DISTINCT table_name, row_key
    FROM (SELECT table_name, row_key, unnest(about) AS id FROM labelled_row)
    SEMI JOIN cast_member USING (id)
)
SELECT truth_defects.row_key AS offender, if(valid, NULL, defect_kind.statement) AS found_by, unnest([
    {'label': 'of a row that is there', 'wrong': labelled_row.row_key IS NULL},
    {'label': 'of no row that was made for the cast', 'wrong': made.row_key IS NOT NULL},
    {'label': 'found by the statement of its kind',
     'wrong': (truth_defects.statement IS NULL) <> (found_by IS NULL)},
    {'label': '…, which is the one named', 'wrong': coalesce(truth_defects.statement <> found_by, false)}
], recursive := true), truth_defects.table_name, defect, valid, truth_defects.statement
FROM truth_defects
LEFT JOIN labelled_row USING (table_name, row_key)
LEFT JOIN made USING (table_name, row_key)
LEFT JOIN defect_kind ON defect_kind.name = defect
