/* Each reading statement uses its index, forwards or backwards, and sorts
 * nothing: what it costs follows from the page, not from the table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/entries.h"
#include "audit/sql.h"

/* A table large and uneven enough that a planner has a choice. */
static void fill(const struct store *store)
{
    audit_close(store_open(store, "one"));
    const char *source = store->kind == STORE_SQLITE
                             ? "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 "
                               "FROM c WHERE n < 60000)"
                               " SELECT n FROM c)"
                             : "(SELECT n FROM generate_series(1, 60000) n)";
    const char *bytes = store->kind == STORE_SQLITE ? "zeroblob(300)"
                                                    : "decode(repeat('00', 300), 'hex')";
    store_sql(store,
              "INSERT INTO audit_record SELECT 1099511627776 + n, 1000 * n, 'r' || n,"
              " 'o' || (n / 4), 'DV', 'c', 1, CASE WHEN n %% 50 = 0 THEN 2 ELSE 1 END, "
              "%s, %s, %s"
              " FROM %s s",
              bytes, bytes, bytes, source);
    store_sql(store,
              "INSERT INTO audit_name SELECT"
              " 'h' || (CASE WHEN n %% 5 = 0 THEN 5 ELSE n %% 9000 END) || '.example', "
              "1000 * n,"
              " 1099511627776 + n, 1, 2 FROM %s s",
              source);
    store_sql(store, "ANALYZE");
}

/* The statement with literals for its parameters. No index named: any, and a
 * sort of the few rows it yields. */
static char *with_values(const struct db_statement *statement, const char *const *values)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    for (const char *c = statement->sql; *c; c++) {
        if (*c == '$') {
            c++; /* parameters have one digit here */
            fputs(values[*c - '1'], out);
        } else {
            fputc(*c, out);
        }
    }
    fclose(out);
    return text;
}

static void check(const struct store *store, const struct db_statement *statement,
                  const char *const *values, const char *index_sqlite,
                  const char *index_pg)
{
    char *sql = with_values(statement, values);
    bool sqlite = store->kind == STORE_SQLITE;
    char *plan = store_query(store, "EXPLAIN %s %s", sqlite ? "QUERY PLAN" : "", sql);
    const char *index = sqlite ? index_sqlite : index_pg;
    static const char *const slow[] = {"TEMP B-TREE",
                                       "SCAN n",
                                       "SCAN r",
                                       "Seq Scan on audit_record",
                                       "Seq Scan on audit_name",
                                       "Sort"};
    size_t slow_count = sizeof slow / sizeof *slow - (index ? 0 : 1);
    bool good = !index || strstr(plan, index) != NULL;
    for (size_t i = 0; i < slow_count; i++)
        good = good && !strstr(plan, slow[i]);
    if (!good)
        fail_msg("%s\nwithout %s:\n%s", sql, index ? index : "an index", plan);
    if (getenv("AUDIT_TEST_PLANS"))
        print_message("%s\n%s\n", sql, plan);
    free(plan);
    free(sql);
}

#define VALUES(...)                                                                      \
    (const char *const[])                                                                \
    {                                                                                    \
        __VA_ARGS__                                                                      \
    }

static void every_reading_statement_uses_its_index(void **state)
{
    struct store *store = *state;
    fill(store);
    check(store, &sql_find_id, VALUES("'r77'"), "audit_record_request",
          "audit_record_request");
    check(store, &sql_find_record, VALUES("'r77'"), "audit_record_request",
          "audit_record_request");
    check(store, &sql_list_by_name,
          VALUES("'h5.example'", "50000000", "0", "1000", "''", "0", "101"),
          "SEARCH n USING PRIMARY KEY", "audit_name_pkey");
    check(store, &sql_list_by_name,
          VALUES("'h5.example'", "50000000", "0", "1000", "'o9'", "2", "101"),
          "SEARCH n USING PRIMARY KEY", NULL);
    check(store, &sql_list_by_order, VALUES("'o9'", "50000000", "0", "1000", "2", "101"),
          "audit_record_order", "audit_record_order");
    check(store, &sql_list_by_decision, VALUES("2", "50000000", "0", "1000", "101"),
          "audit_record_decision", "audit_record_decision");
    check(store, &sql_list_by_decision, VALUES("1", "50000000", "0", "0", "101"),
          "audit_record_decision", "audit_record_");
    check(store, &sql_list_by_time, VALUES("50000000", "0", "1000", "101"),
          "audit_record_time", "audit_record_time");
    check(store, &sql_read_range, VALUES("1099511627776", "1099511687776", "256"),
          "SEARCH r USING INTEGER PRIMARY KEY", "audit_record_pkey");
    check(store, &sql_find_name, VALUES("'h5.example'", "5000", "1099511627781"),
          "SEARCH audit_name USING", "audit_name_pkey");
    check(store, &sql_drop_name, VALUES("'h5.example'", "5000", "1099511627781"),
          "SEARCH audit_name USING", "audit_name_pkey");
    check(store, &sql_newest_record, VALUES("1099511627776", "2199023255552"),
          "SEARCH audit_record USING INTEGER PRIMARY KEY", "audit_record_pkey");
}

int main(void)
{
    const struct CMUnitTest tests[] = {ON_BOTH(every_reading_statement_uses_its_index)};
    return cmocka_run_group_tests(tests, stores_setup, stores_teardown);
}
