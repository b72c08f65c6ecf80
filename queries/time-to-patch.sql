-- Mean time to patch, by severity: from the first run that found a patch missing on an instance to the first run after
-- that which found it installed. Patches that are still missing have no such time and are counted in still_missing.
-- Each version is a patch of its own: a version that was replaced before it was installed stays open.
WITH first_missing AS (
  SELECT account_id, region, instance_id, patch_id, title, min(severity) AS severity, min(seen_at) AS missing_at
  FROM patches
  WHERE event = 'missing'
  GROUP BY account_id, region, instance_id, patch_id, title
), patched AS (
  SELECT m.severity, m.missing_at, min(i.seen_at) AS installed_at
  FROM first_missing m
  LEFT JOIN patches i ON i.event = 'installed' AND i.seen_at >= m.missing_at
    AND i.account_id = m.account_id AND i.region = m.region AND i.instance_id = m.instance_id
    AND i.patch_id = m.patch_id AND i.title = m.title
  GROUP BY m.account_id, m.region, m.instance_id, m.patch_id, m.title, m.severity, m.missing_at
)
SELECT severity,
  count(installed_at) AS installed,
  count(*) - count(installed_at) AS still_missing,
  round(avg(to_unixtime(from_iso8601_timestamp(installed_at)) - to_unixtime(from_iso8601_timestamp(missing_at))) / 3600e0, 2)
    AS mean_hours,
  round(max(to_unixtime(from_iso8601_timestamp(installed_at)) - to_unixtime(from_iso8601_timestamp(missing_at))) / 3600e0, 2)
    AS longest_hours
FROM patched
GROUP BY severity
ORDER BY severity
