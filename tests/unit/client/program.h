/* program.h - run a program and keep what it wrote.
 * Threads: owner only. */
#ifndef TEST_PROGRAM_H
#define TEST_PROGRAM_H

struct program {
    int status;
    char out[65536];
    char err[8192];
};

/* args ends in NULL; args[0] is the path. input may be NULL: /dev/null. Aborts
 * the test when the program cannot be run or ends by a signal. */
void program_run(struct program *program, const char *const *args, const char *input);

#endif
