-- Compliance over time, per organizational unit: one line per unit and day on which a run looked at it.
-- An instance counts once per day, with the outcome of the day's last run. Instances that the plan skips do not count.
-- To read fewer days, put WHERE date >= '2026-10-01' after FROM instances.
WITH last_of_day AS (
  SELECT date, ou_path, outcome,
    row_number() OVER (PARTITION BY date, account_id, region, instance_id ORDER BY started_at DESC, run_id DESC) AS place
  FROM instances
)
SELECT date, ou_path,
  count(*) AS instances,
  count_if(outcome IN ('patched', 'compliant')) AS compliant,
  count_if(outcome IN ('missing', 'pending-reboot', 'failed')) AS not_compliant,
  count_if(outcome IN ('unreachable', 'not-ready', 'not-attempted')) AS not_known,
  round(100e0 * count_if(outcome IN ('patched', 'compliant')) / count(*), 1) AS percent_compliant
FROM last_of_day
WHERE place = 1 AND outcome <> 'skipped'
GROUP BY date, ou_path
ORDER BY date, ou_path
