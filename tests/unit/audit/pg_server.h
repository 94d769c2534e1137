/* pg_server.h - a real PostgreSQL server from the distribution's package, on a
 * socket in a directory of its own. A keeper process owns both: it stops the
 * server and removes the directory when the test ends, however it ends.
 * Threads: start before any thread is made. */
#ifndef CAA_TEST_PG_SERVER_H
#define CAA_TEST_PG_SERVER_H

#include <stdbool.h>

struct pg_server;

/* NULL: no server could be started; stderr says why. */
struct pg_server *pg_server_start(void);
void pg_server_stop(struct pg_server *server);

/* As a crash of the server: connections break, nothing is flushed. */
bool pg_server_crash(struct pg_server *server);
bool pg_server_restart(struct pg_server *server);

/* The directory of its socket, for the URL. */
const char *pg_server_host(const struct pg_server *server);

#endif
