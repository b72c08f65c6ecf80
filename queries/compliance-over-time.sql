-- Compliance over time, per organizational unit: one line per unit and day on which a run looked at it.
-- An instance counts once per day, with the outcome of the day's last run. skipped: left alone, by the plan or for another
-- reason (see skipped-by-reason). instances and percent_compliant are without these.
-- by_another_baseline: up to date by another baseline than the plan's, so it is not known whether it is by the plan's.
-- To read fewer days, put AND date >= '2026-10-01' in front of ), judged.
WITH last_of_day AS (
  SELECT date, ou_path, outcome, judged_by,
    row_number() OVER (PARTITION BY date, account_id, region, instance_id ORDER BY started_at DESC, run_id DESC) AS place
  FROM instances
  -- A run that checks readiness only asks no instance what is missing, so it says nothing about an earlier run of the day.
  -- Neither does a run that lists an instance of another stage (other-stage).
  WHERE reason_code <> 'other-stage' AND run_id NOT IN (SELECT run_id FROM instances WHERE reason_code = 'readiness-only')
), judged AS (
  SELECT date, ou_path, outcome, outcome IN ('patched', 'compliant') AS good, judged_by IS NOT NULL AS by_another
  FROM last_of_day
  WHERE place = 1
)
SELECT date, ou_path,
  count_if(outcome <> 'skipped') AS instances,
  count_if(good AND NOT by_another) AS compliant,
  count_if(outcome IN ('missing', 'pending-reboot', 'failed')) AS not_compliant,
  count_if(outcome IN ('unreachable', 'not-ready', 'not-attempted')) AS not_known,
  round(100e0 * count_if(good AND NOT by_another) / nullif(count_if(outcome <> 'skipped'), 0), 1) AS percent_compliant,
  count_if(good AND by_another) AS by_another_baseline,
  count_if(outcome = 'skipped') AS skipped
FROM judged
GROUP BY date, ou_path
ORDER BY date, ou_path
