#include "program.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int temporary(const char *content)
{
    char path[] = "/tmp/caa-program-XXXXXX";
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        abort();
    unlink(path);
    if (content != NULL && write(fd, content, strlen(content)) < 0)
        abort();
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static void collect(int fd, char *out, size_t size)
{
    ssize_t len = pread(fd, out, size - 1, 0);
    if (len < 0)
        abort();
    out[len] = '\0';
    close(fd);
}

void program_run(struct program *program, const char *const *args, const char *input)
{
    int in = temporary(input);
    int out = temporary(NULL);
    int err = temporary(NULL);
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;
    int status = 0;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_adddup2(&actions, err, 2);
    if (posix_spawn(&pid, args[0], &actions, NULL, (char *const *)(uintptr_t)args,
                    environ) != 0 ||
        waitpid(pid, &status, 0) != pid)
        abort();
    posix_spawn_file_actions_destroy(&actions);
    close(in);
    collect(out, program->out, sizeof(program->out));
    collect(err, program->err, sizeof(program->err));
    if (!WIFEXITED(status)) {
        fprintf(stderr, "%s ended by a signal: %s\n", args[0], program->err);
        abort();
    }
    program->status = WEXITSTATUS(status);
}
