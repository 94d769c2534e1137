#include "service/metrics_process.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* Entries of a directory of /proc/self, -1 if it cannot be read. */
static long count_entries(const char *path)
{
    DIR *directory = opendir(path);
    long count = 0;
    if (!directory)
        return -1;
    for (struct dirent *entry; (entry = readdir(directory));)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

static double resident_bytes(void)
{
    char line[128];
    unsigned long kib = 0;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmRSS: %lu kB", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return (double)kib * 1024;
}

void metrics_process_each(service_stat *emit, void *arg)
{
    struct rlimit limit;
    long fds = count_entries("/proc/self/fd"), threads = count_entries("/proc/self/task");
    double resident = resident_bytes();
    if (fds > 0)
        emit(arg, "process_open_fds", "",
             (double)(fds - 1)); /* but the one to count by */
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        emit(arg, "process_max_fds", "", (double)limit.rlim_cur);
    if (resident > 0)
        emit(arg, "process_resident_memory_bytes", "", resident);
    if (threads > 0)
        emit(arg, "process_threads", "", (double)threads);
}
