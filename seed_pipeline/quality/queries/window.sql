-- Sessions that start outside the window, by the clocks of time_zone or as stored, or at another time than a quarter hour.
SELECT id AS offender, unnest([
    {'label': 'scheduled inside the window, in UTC', 'wrong': NOT coalesce(
        scheduled_start >= {main.as_of}::TIMESTAMP - to_days({main.days}) AND scheduled_start < {main.as_of}, false)},
    {'label': 'scheduled inside the window, in time_zone', 'wrong': NOT coalesce(
        local_start >= {main.as_of}::TIMESTAMP - to_days({main.days}) AND local_start < {main.as_of}, false)},
    {'label': 'scheduled on a quarter hour',
     'wrong': coalesce(local_start <> time_bucket(INTERVAL 15 MINUTES, local_start), true)}
], recursive := true), scheduled_start, local_start
FROM session_fact
