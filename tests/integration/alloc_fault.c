/* Linked into caad_alloc, the daemon whose allocations fail on demand: malloc
 * and its kin of this program stand before all others', so that each call of
 * ours and of the libraries passes here. CAAD_ALLOC_FAULT names the file, mapped
 * by the test too, that says which are to fail (alloc_fault.py).
 * strdup is among them because a sanitizer's own would pass by. Compiled without
 * sanitizers: it runs before theirs have started. */
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The sanitizers' own, under which theirs go on watching, or the C library's. */
#ifdef CAAD_SANITIZED
#define REAL(name) __interceptor_##name
#else
#define REAL(name) __libc_##name
#endif
void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *memory, size_t size);
#ifdef CAAD_SANITIZED
void *REAL(aligned_alloc)(size_t align, size_t size);
#else
void *REAL(memalign)(size_t align, size_t size);
#define __libc_aligned_alloc __libc_memalign
#endif

/* Whose call it is. */
enum { OURS, CARES, PROTOBUF_C, NNG, SQLITE, OTHERS };

static const char *const module_names[] = {
    [OURS] = "",      [CARES] = "libcares",    [PROTOBUF_C] = "libprotobuf-c",
    [NNG] = "libnng", [SQLITE] = "libsqlite3",
};

/* The file: numbers of 64 bits in the machine's order. */
struct control {
    atomic_llong where;          /* modules whose calls count, a bit each; 0: none */
    atomic_llong seen;           /* calls counted */
    atomic_llong first, end;     /* the calls that fail, from 0 */
    atomic_llong failed;         /* how many did */
    atomic_llong module, offset; /* of the last of them */
};

static struct control none;
static struct control *control = &none;

struct range {
    uintptr_t start, end, base;
    int module;
};

enum { RANGES_MAX = 128 };

static struct range ranges[RANGES_MAX];
static size_t range_count;

static int module_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    for (int i = CARES; i < OTHERS; i++)
        if (strncmp(name, module_names[i], strlen(module_names[i])) == 0)
            return i;
    return *path ? OTHERS : OURS;
}

static int add_module(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    for (int i = 0; i < info->dlpi_phnum && range_count < RANGES_MAX; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
            continue;
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        ranges[range_count++] = (struct range){
            start, start + segment->p_memsz, info->dlpi_addr, module_of(info->dlpi_name)};
    }
    return 0;
}

__attribute__((constructor)) static void open_control(void)
{
    const char *path = getenv("CAAD_ALLOC_FAULT");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *shared = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (shared == MAP_FAILED)
        abort();
    dl_iterate_phdr(add_module, NULL);
    control = shared;
}

static const struct range *range_of(uintptr_t caller)
{
    static const struct range elsewhere = {.module = OTHERS};
    for (size_t i = 0; i < range_count; i++)
        if (caller >= ranges[i].start && caller < ranges[i].end)
            return &ranges[i];
    return &elsewhere;
}

static int must_fail(void *caller)
{
    long long where = atomic_load_explicit(&control->where, memory_order_relaxed);
    if (where == 0)
        return 0;
    const struct range *range = range_of((uintptr_t)caller);
    if (!(where >> range->module & 1))
        return 0;
    long long call = atomic_fetch_add(&control->seen, 1);
    if (call < atomic_load(&control->first) || call >= atomic_load(&control->end))
        return 0;
    atomic_store(&control->module, range->module);
    atomic_store(&control->offset, (long long)((uintptr_t)caller - range->base));
    atomic_fetch_add(&control->failed, 1);
    return 1;
}

#define MUST_FAIL() must_fail(__builtin_return_address(0))

void *malloc(size_t size)
{
    return MUST_FAIL() ? NULL : REAL(malloc)(size);
}

void *calloc(size_t count, size_t size)
{
    return MUST_FAIL() ? NULL : REAL(calloc)(count, size);
}

void *realloc(void *memory, size_t size)
{
    return size > 0 && MUST_FAIL() ? NULL : REAL(realloc)(memory, size);
}

void *aligned_alloc(size_t align, size_t size)
{
    return MUST_FAIL() ? NULL : REAL(aligned_alloc)(align, size);
}

char *strndup(const char *text, size_t max)
{
    size_t len = strnlen(text, max);
    char *copy = MUST_FAIL() ? NULL : REAL(malloc)(len + 1);
    if (!copy)
        return NULL;
    copy[len] = '\0';
    return memcpy(copy, text, len);
}

char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = MUST_FAIL() ? NULL : REAL(malloc)(size);
    return copy ? memcpy(copy, text, size) : NULL;
}
