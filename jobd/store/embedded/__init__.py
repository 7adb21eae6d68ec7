"""jobd's own Postgres, for when no URL is given: installed programs, run as a child that dies with jobd."""

from jobd.store.embedded.supervisor import EmbeddedPostgres, embedded_postgres

__all__ = ["EmbeddedPostgres", "embedded_postgres"]
