-- Which instances had a CVE, and when. Asks for the CVE id: enter it in quotes, 'CVE-2026-12345'.
-- Patch Manager names CVE ids of patches that are missing, and not of every operating system.
-- No installed_at: the patch has not been seen to be installed since.
SELECT account_id, account_name, ou_path, region, instance_id, max(name) AS name, max(os) AS os, patch_id, title,
  max(severity) AS severity,
  min(seen_at) FILTER (WHERE event = 'missing') AS first_missing,
  max(seen_at) FILTER (WHERE event = 'missing') AS last_missing,
  max(seen_at) FILTER (WHERE event = 'installed') AS installed_at
FROM patches
WHERE contains(cve_ids, ?)
GROUP BY account_id, account_name, ou_path, region, instance_id, patch_id, title
ORDER BY account_id, region, instance_id, patch_id, title
