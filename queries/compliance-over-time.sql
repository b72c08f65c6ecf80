-- Compliance over time, per organizational unit: one line per day on which a run looked, and unit.
-- An instance counts once per day, as the day's last run ended with it. What the plan skips does not count.
-- To look at fewer days, put WHERE date >= '2026-10-01' behind FROM instances.
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
