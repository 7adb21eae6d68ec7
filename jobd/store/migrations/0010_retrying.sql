-- Runs that wait for another attempt: few among all that wait, and the others cost this index nothing.
create index runs_retrying on jobd.runs (due_at) where attempt > 0 and state <> 'running';
