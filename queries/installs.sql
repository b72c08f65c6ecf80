-- When each install run began to install in a stage, and when it ended: the oldest first.
-- A run that is not within its window stands out here. The times are those of Run Command, in UTC. not_ended counts instances
-- whose install had not ended when orgpatch last asked.
SELECT date, run_id, plan, stage, count(*) AS instances, min(install_started_at) AS first_started_at,
  max(install_finished_at) AS last_finished_at, count(*) - count(install_finished_at) AS not_ended
FROM instances
WHERE install_started_at IS NOT NULL
GROUP BY date, run_id, plan, stage
ORDER BY first_started_at, run_id, stage
