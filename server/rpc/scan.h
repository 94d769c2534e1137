/* scan.h - look over protobuf octets before they are unpacked. protobuf-c
 * makes C strings, which end at the first NUL, checks no UTF-8 and recurses
 * without limit; a caller could have one name checked and another one meant.
 * Threads: any. */
#ifndef CAA_RPC_SCAN_H
#define CAA_RPC_SCAN_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/bytes.h"

struct scan_fault {
    const char *field;  /* path such as "names[3]", "" for the message itself */
    const char *reason; /* what is wrong and the accepted form */
    bool no_memory;     /* the message may be well: there was no memory to tell */
};

/* true: every string field is UTF-8 without NUL, the nesting is shallow,
 * wire types fit the fields, and few fields are unknown. Else *fault says
 * where; its strings live in arena. */
CAA_MUSTCHECK bool scan_message(struct arena *arena,
                                const ProtobufCMessageDescriptor *descriptor,
                                struct bytes message, struct scan_fault *fault);

/* Well-formed UTF-8 (RFC 3629) without NUL. */
bool scan_is_text(struct bytes bytes);

#endif
