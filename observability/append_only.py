"""Database triggers that hold append-only and payload tables to their word.

A trigger refuses UPDATE and DELETE for every role, so the rule also holds where one role owns
and uses the tables. TRUNCATE and DDL stay with the owner, which the application is not.
"""

from collections.abc import Sequence

from django.db.migrations.operations import RunSQL

ERASER_ROLE = "countersign_eraser"

FUNCTIONS = f"""
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: add a new row instead', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION refuse_unless_erasing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = '{ERASER_ROLE}' AND TG_OP = 'UPDATE' AND NEW.content IS NULL THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% rows only change by erasing a person', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
"""
DROP_FUNCTIONS = "DROP FUNCTION refuse_change(); DROP FUNCTION refuse_unless_erasing();"


def functions() -> RunSQL:
    """Return the migration operation that defines the trigger functions."""
    return RunSQL(FUNCTIONS, DROP_FUNCTIONS)


def append_only(tables: Sequence[str]) -> RunSQL:
    """Return the migration operation that makes `tables` append-only."""
    return _guard(tables, "refuse_change")


def erasable(tables: Sequence[str]) -> RunSQL:
    """Return the migration operation that lets only the eraser change payload `tables`."""
    return _guard(tables, "refuse_unless_erasing")


def _guard(tables: Sequence[str], function: str) -> RunSQL:
    create = "".join(
        f"CREATE TRIGGER {function} BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {function}();\n"
        for table in tables
    )
    drop = "".join(f"DROP TRIGGER {function} ON {table};\n" for table in tables)
    return RunSQL(create, drop)
