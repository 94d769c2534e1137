/* nng_mend.h - keeps nng 1.5 from two of its defects; nng_mend.c says which.
 * Threads: any. */
#ifndef CAA_RPC_NNG_MEND_H
#define CAA_RPC_NNG_MEND_H

/* Does nothing: who calls it has the replacements linked. */
void nng_mend(void);

#endif
