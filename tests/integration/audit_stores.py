"""audit_stores.py - both audit stores behind one face, for tests that break them,
look into them, and change what nobody should."""
import os
import shutil
import sqlite3
import tempfile

from pg_cluster import PgCluster


class SqliteStore:
    kind = "sqlite"

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="caad-db-")
        self.path = os.path.join(self.dir, "audit.db")
        self.url = "sqlite:" + self.path
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir, ignore_errors=True)

    def query(self, sql):
        db = sqlite3.connect(self.path, timeout=20)
        try:
            with db:
                return [list(row) for row in db.execute(sql)]
        finally:
            db.close()

    def fail(self):
        """Moved away, and something in its place that no database can be."""
        os.rename(self.path, self.path + ".away")
        os.mkdir(self.path)

    def mend(self):
        os.rmdir(self.path)
        os.rename(self.path + ".away", self.path)


class PgStore(PgCluster):
    kind = "postgresql"

    def fail(self):
        self.stop("immediate")

    def mend(self):
        self.start()


STORES = {store.kind: store for store in (SqliteStore, PgStore)}


def count(store):
    return int(store.query("SELECT count(*) FROM audit_record")[0][0])


def record_id(store, request_id):
    return int(store.query(
        f"SELECT record_id FROM audit_record WHERE request_id = '{request_id}'")[0][0])


def change_byte(store, request_id):
    """One octet in the middle of the record's body."""
    if store.kind == "sqlite":
        change = ("body = CAST(substr(body, 1, 60) AS BLOB) || "
                  "CASE substr(body, 61, 1) WHEN x'00' THEN x'01' ELSE x'00' END || "
                  "substr(body, 62)")
    else:
        change = "body = set_byte(body, 60, get_byte(body, 60) # 1)"
    store.query(f"UPDATE audit_record SET {change} WHERE request_id = '{request_id}'")


def spoil(store, request_id):
    """A body that is none."""
    body = "x'0203'" if store.kind == "sqlite" else r"'\x0203'"
    store.query(f"UPDATE audit_record SET body = {body} WHERE request_id = '{request_id}'")


def permit(store, request_id):
    """The answer that another check was given: it was permitted."""
    columns = ", ".join(f"{name} = (SELECT {name} FROM audit_record WHERE decision = 1 "
                        "ORDER BY record_id LIMIT 1)" for name in ("decision", "body"))
    store.query(f"UPDATE audit_record SET {columns} WHERE request_id = '{request_id}'")


def delete(store, request_id):
    store.query(f"DELETE FROM audit_record WHERE request_id = '{request_id}'")


def swap(store, one, other):
    """Each record takes the other's place, with all it holds."""
    first, second = record_id(store, one), record_id(store, other)
    for old, new in ((first, -1), (second, first), (-1, second)):
        store.query(f"UPDATE audit_record SET record_id = {new} WHERE record_id = {old}")


def age(store, request_ids, days):
    """As if these checks had been made so many days before."""
    for request_id in request_ids:
        number = record_id(store, request_id)
        for table in ("audit_name", "audit_record"):
            store.query(f"UPDATE {table} SET checked_at_ms = checked_at_ms - "
                        f"{days * 86400000} WHERE record_id = {number}")
