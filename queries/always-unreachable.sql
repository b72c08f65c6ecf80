-- Accounts and instances for which no run ever got a result, those that were tried most often first.
-- A run that skipped them, or halted before it reached them, does not count as a try.
WITH tried AS (
  SELECT 'account' AS kind, account_id, account_name, ou_path, region, '' AS instance_id, run_id, started_at, reason_text,
    outcome IN ('access-denied', 'inactive', 'region-disabled', 'error') AS out_of_reach
  FROM targets
  WHERE outcome NOT IN ('skipped', 'not-attempted')
  UNION ALL
  SELECT 'instance' AS kind, account_id, account_name, ou_path, region, instance_id, run_id, started_at, reason_text,
    outcome IN ('unreachable', 'not-ready') AS out_of_reach
  FROM instances
  WHERE outcome NOT IN ('skipped', 'not-attempted')
)
SELECT kind, account_id, max_by(account_name, started_at) AS account_name, max_by(ou_path, started_at) AS ou_path,
  region, instance_id, count(DISTINCT run_id) AS runs, min(started_at) AS first_run, max(started_at) AS last_run,
  max_by(reason_text, started_at) AS last_reason
FROM tried
GROUP BY kind, account_id, region, instance_id
HAVING count_if(NOT out_of_reach) = 0
ORDER BY runs DESC, kind, account_id, region, instance_id
