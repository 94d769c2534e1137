#include "audit/pg_server.h"

#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct pg_server {
    pid_t keeper;
    int ask;    /* commands: i(nit) s(tart) c(rash); closed: clean up */
    int answer; /* y or n */
    char dir[64];
};

struct keeper {
    char bin[PATH_MAX];
    char dir[64];
    char data[96];
    pid_t server;
};

static bool find_binaries(char *bin)
{
    glob_t found;
    bool ok = glob("/usr/lib/postgresql/*/bin/postgres", 0, NULL, &found) == 0;
    if (ok) {
        snprintf(bin, PATH_MAX, "%s", found.gl_pathv[found.gl_pathc - 1]);
        *strrchr(bin, '/') = '\0';
        globfree(&found);
    }
    return ok;
}

/* PostgreSQL refuses to run as root. */
static struct passwd *server_user(void)
{
    struct passwd *user = getpwnam("postgres");
    return geteuid() != 0 ? NULL : user ? user : getpwnam("nobody");
}

static pid_t spawn(const struct keeper *keeper, const char *const *argv)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    struct passwd *user = server_user();
    if (user && (setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 ||
                 setuid(user->pw_uid) != 0))
        _exit(126);
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    if (!getenv("AUDIT_TEST_PG_LOG"))
        dup2(null, 2);
    if (chdir(keeper->dir) != 0)
        _exit(126);
    execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

static bool run_initdb(const struct keeper *keeper)
{
    char program[PATH_MAX + 16], data[96];
    snprintf(program, sizeof program, "%s/initdb", keeper->bin);
    snprintf(data, sizeof data, "%s", keeper->data);
    const char *argv[] = {program,
                          data,
                          "--no-sync",
                          "--auth=trust",
                          "--username=postgres",
                          "--encoding=UTF8",
                          "--no-locale",
                          NULL};
    pid_t pid = spawn(keeper, argv);
    int status = 0;
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool socket_ready(const struct keeper *keeper)
{
    char program[PATH_MAX + 16], dir[64];
    snprintf(program, sizeof program, "%s/pg_isready", keeper->bin);
    snprintf(dir, sizeof dir, "%s", keeper->dir);
    const char *argv[] = {program, "-q", "-h", dir, NULL};
    pid_t pid = spawn(keeper, argv);
    int status = 0;
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool run_server(struct keeper *keeper)
{
    char program[PATH_MAX + 16], data[96], dir[64];
    snprintf(program, sizeof program, "%s/postgres", keeper->bin);
    snprintf(data, sizeof data, "%s", keeper->data);
    snprintf(dir, sizeof dir, "%s", keeper->dir);
    /* The machine is not what these tests switch off, so no fsync. */
    const char *argv[] = {
        program, "-D",        data, "-k", dir, "-c", "listen_addresses=",
        "-c",    "fsync=off", NULL};
    keeper->server = spawn(keeper, argv);
    for (int i = 0; i < 300; i++) {
        if (socket_ready(keeper))
            return true;
        usleep(50 * 1000);
    }
    return false;
}

static bool stop_server(struct keeper *keeper)
{
    if (keeper->server <= 0)
        return true;
    kill(keeper->server, SIGQUIT);
    waitpid(keeper->server, NULL, 0);
    keeper->server = 0;
    return true;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static bool obey(struct keeper *keeper, char command)
{
    switch (command) {
    case 'i':
        return run_initdb(keeper);
    case 's':
        return run_server(keeper);
    default:
        return stop_server(keeper);
    }
}

static _Noreturn void keep(struct keeper *keeper, int ask, int answer)
{
    signal(SIGINT, SIG_IGN);
    char command;
    while (read(ask, &command, 1) == 1) {
        char reply = obey(keeper, command) ? 'y' : 'n';
        if (write(answer, &reply, 1) != 1)
            break;
    }
    stop_server(keeper);
    nftw(keeper->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    _exit(0);
}

static bool make_dir(struct keeper *keeper)
{
    snprintf(keeper->dir, sizeof keeper->dir, "/tmp/caad-pg-XXXXXX");
    struct passwd *user = server_user();
    if (!mkdtemp(keeper->dir) ||
        (user && chown(keeper->dir, user->pw_uid, user->pw_gid) != 0))
        return false;
    snprintf(keeper->data, sizeof keeper->data, "%s/data", keeper->dir);
    return true;
}

static bool ask(struct pg_server *server, char command)
{
    char reply = 'n';
    return write(server->ask, &command, 1) == 1 && read(server->answer, &reply, 1) == 1 &&
           reply == 'y';
}

struct pg_server *pg_server_start(void)
{
    struct keeper keeper = {.server = 0};
    int to[2], from[2];
    struct pg_server *server = calloc(1, sizeof *server);
    if (!server || !find_binaries(keeper.bin) || !make_dir(&keeper) ||
        pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) {
        fprintf(stderr, "no PostgreSQL server: is the package postgresql installed?\n");
        free(server);
        return NULL;
    }
    snprintf(server->dir, sizeof server->dir, "%s", keeper.dir);
    server->keeper = fork();
    if (server->keeper == 0) {
        close(to[1]);
        close(from[0]);
        keep(&keeper, to[0], from[1]);
    }
    close(to[0]);
    close(from[1]);
    server->ask = to[1];
    server->answer = from[0];
    if (ask(server, 'i') && ask(server, 's'))
        return server;
    fprintf(stderr,
            "the PostgreSQL server did not start; try with AUDIT_TEST_PG_LOG=1\n");
    pg_server_stop(server);
    return NULL;
}

void pg_server_stop(struct pg_server *server)
{
    if (!server)
        return;
    close(server->ask);
    close(server->answer);
    waitpid(server->keeper, NULL, 0);
    free(server);
}

bool pg_server_crash(struct pg_server *server)
{
    return ask(server, 'c');
}

bool pg_server_restart(struct pg_server *server)
{
    return ask(server, 's');
}

const char *pg_server_host(const struct pg_server *server)
{
    return server->dir;
}
