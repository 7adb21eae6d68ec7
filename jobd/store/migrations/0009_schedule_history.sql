-- What people see of schedules and nodes at a glance: how the last runs went, and how long a loop kept things waiting.

-- Runs that a schedule started are few among all; the others cost this index nothing.
create index history_schedule on jobd.history (schedule, finished_at, id) where schedule is not null;

alter table jobd.nodes add column lag_ms real;  -- the worst of the last beats; null before the first
