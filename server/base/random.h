/* random.h - unpredictable numbers from the kernel, fetched in blocks so that
 * most calls cost no system call.
 * Threads: any; each has its own block. */
#ifndef CAA_BASE_RANDOM_H
#define CAA_BASE_RANDOM_H

#include <stdint.h>

uint64_t random_u64(void);

#endif
