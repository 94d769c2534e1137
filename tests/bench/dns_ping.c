/* dns_ping - one DNS query after the other over UDP, as the shortest possible
 * client: what a lookup takes when nothing else is in the way.
 *
 *     dns_ping ADDRESS PORT SECONDS FILE
 *
 * FILE holds names, one a line; each is asked for its CAA records with EDNS and
 * DO. Prints one line of JSON.
 * Threads: main only. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define SAMPLES_MAX 1000000u
#define MESSAGE_MAX 512
#define TYPE_CAA    257
#define TYPE_OPT    41

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static uint8_t *put16(uint8_t *to, unsigned value)
{
    *to++ = (uint8_t)(value >> 8);
    *to++ = (uint8_t)value;
    return to;
}

static uint8_t *put_name(uint8_t *to, const char *name)
{
    while (*name != '\0') {
        size_t len = strcspn(name, ".");
        *to++ = (uint8_t)len;
        memcpy(to, name, len);
        to += len;
        name += len + (name[len] == '.');
    }
    *to++ = 0;
    return to;
}

static size_t make_query(uint8_t *out, unsigned id, const char *name)
{
    uint8_t *to = put16(out, id);
    to = put16(to, 0x0120); /* RD, AD */
    to = put16(to, 1);
    to = put16(put16(put16(to, 0), 0), 1);
    to = put_name(to, name);
    to = put16(put16(to, TYPE_CAA), 1);
    *to++ = 0;
    to = put16(put16(to, TYPE_OPT), 1232);
    to = put16(put16(to, 0), 0x8000); /* DO */
    to = put16(to, 0);
    return (size_t)(to - out);
}

static int open_socket(const char *address, const char *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
    struct timeval wait = {.tv_sec = 2};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (inet_pton(AF_INET, address, &to.sin_addr) != 1 || fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) != 0 ||
        connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
        die(address);
    return fd;
}

/* Microseconds until the answer. */
static double ask(int fd, unsigned id, const char *name)
{
    uint8_t query[MESSAGE_MAX];
    uint8_t reply[4096];
    size_t len = make_query(query, id, name);
    double start = now_us();
    if (send(fd, query, len, 0) != (ssize_t)len)
        die("send");
    do
        if (recv(fd, reply, sizeof(reply), 0) < 12)
            die("recv");
    while (memcmp(reply, query, 2) != 0);
    return now_us() - start;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    char name[256];
    if (argc != 5) {
        fprintf(stderr, "usage: dns_ping ADDRESS PORT SECONDS FILE\n");
        return 2;
    }
    int fd = open_socket(argv[1], argv[2]);
    double until = now_us() + strtod(argv[3], NULL) * 1e6;
    FILE *file = fopen(argv[4], "re");
    double *samples = calloc(SAMPLES_MAX, sizeof(*samples));
    if (file == NULL || samples == NULL)
        die(argv[4]);
    size_t len = 0;
    while (now_us() < until && len < SAMPLES_MAX) {
        if (fgets(name, sizeof(name), file) == NULL) {
            rewind(file);
            continue;
        }
        name[strcspn(name, "\r\n")] = '\0';
        /* Longer ones would not fit a query. */
        if (strlen(name) < 250)
            samples[len] = ask(fd, (unsigned)len & 0xffffu, name), len++;
    }
    qsort(samples, len, sizeof(*samples), compare);
    printf("{\"answered\": %zu, \"p50_us\": %.3f, \"p99_us\": %.3f}\n", len,
           samples[len / 2], samples[len * 99 / 100]);
    return 0;
}
