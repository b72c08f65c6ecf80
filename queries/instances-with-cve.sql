-- Which instances had a CVE, and when. The query asks for the CVE id: enter it in quotes, 'CVE-2026-12345'.
-- Patch Manager reports CVE ids only for missing patches, and not for every operating system.
-- Of a patch 20 CVE ids are listed, and of an instance 500 patches: see more_cve_ids and missing_before.
-- Without installed_at, no run has found the patch installed since.
SELECT account_id, account_name, ou_path, region, instance_id, max(name) AS name, max(os) AS os, patch_id, title,
  max(severity) AS severity,
  min(seen_at) FILTER (WHERE event = 'missing') AS first_missing,
  max(seen_at) FILTER (WHERE event = 'missing') AS last_missing,
  max(seen_at) FILTER (WHERE event = 'installed') AS installed_at
FROM patches
WHERE contains(cve_ids, ?)
GROUP BY account_id, account_name, ou_path, region, instance_id, patch_id, title
ORDER BY account_id, region, instance_id, patch_id, title
