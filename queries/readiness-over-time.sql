-- What prevents patching, over time: one line per finding (endpoints: fail) or conflict, and day on which a run looked.
-- An instance counts once per day, with the findings of the day's last run. Checks that pass are not listed.
WITH last_of_day AS (
  SELECT date, account_id, array_distinct(findings || conflicts) AS found,
    row_number() OVER (PARTITION BY date, account_id, region, instance_id ORDER BY started_at DESC, run_id DESC) AS place
  FROM instances
  -- A run that only lists an instance of another stage says nothing about it.
  WHERE reason_code <> 'other-stage'
)
SELECT date, what, count(*) AS instances, count(DISTINCT account_id) AS accounts
FROM last_of_day
CROSS JOIN UNNEST(found) AS finding (what)
WHERE place = 1
GROUP BY date, what
ORDER BY date, instances DESC, what
