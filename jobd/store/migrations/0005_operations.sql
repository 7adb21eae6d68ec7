-- What operators ask of nodes and queues while the daemon runs. Wishes stand in columns of their own: `nodes.state` is
-- written by the node's heartbeat, and `queues.weight` by every load of jobd.toml.

alter table jobd.nodes
    add column desired text not null default 'running'
        constraint nodes_desired check (desired in ('running', 'quiet', 'drain')),
    add column desired_at timestamptz,
    add column desired_by text,
    add column desired_reason text,
    drop constraint nodes_state,
    add constraint nodes_state check (state in ('running', 'quiet', 'draining', 'drained', 'stopping'));

-- An override outlives a load; without one the configured weight counts.
alter table jobd.queues
    add column weight_override integer constraint queues_weight_override check (weight_override between 1 and 1000),
    add column weight_by text,
    add column weight_at timestamptz,
    add column weight_reason text;

alter table jobd.schedules add column paused_until timestamptz;
create index schedules_pause_ends on jobd.schedules (paused_until) where paused_until is not null;
