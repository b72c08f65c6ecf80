-- Skipped instances by reason, over time: one line per organizational unit, reason and day on which a run looked at it.
-- An instance counts once per day, with the outcome of the day's last run.
-- excluded-instance, hybrid-node, not-selected-by-tags and not-selected-by-operating-system: the plan itself leaves these out.
WITH last_of_day AS (
  SELECT date, ou_path, account_id, outcome, reason_code,
    row_number() OVER (PARTITION BY date, account_id, region, instance_id ORDER BY started_at DESC, run_id DESC) AS place
  FROM instances
  -- A run that checks readiness only leaves no instance out, and other-stage is about a stage on which the run did not work.
  WHERE reason_code <> 'other-stage' AND run_id NOT IN (SELECT run_id FROM instances WHERE reason_code = 'readiness-only')
)
SELECT date, ou_path, reason_code, count(*) AS instances, count(DISTINCT account_id) AS accounts
FROM last_of_day
WHERE place = 1 AND outcome = 'skipped'
GROUP BY date, ou_path, reason_code
ORDER BY date, ou_path, instances DESC, reason_code
