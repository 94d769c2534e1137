/* err.h - the few ways a call of ours can fail. A DNS failure or a refusal is
 * no error: those are outcomes and verdicts (check/answer.h, check/verdict.h).
 * Threads: any. */
#ifndef CAA_BASE_ERR_H
#define CAA_BASE_ERR_H

#define CAA_ERR_TABLE(X)                                                                 \
    X(CAA_OK, "no error")                                                                \
    X(CAA_ENOMEM, "out of memory")                                                       \
    X(CAA_EINVAL, "invalid argument")                                                    \
    X(CAA_EIO, "input or output failed")                                                 \
    X(CAA_ECLOSED, "closed")                                                             \
    X(CAA_ENOTFOUND, "not found")                                                        \
    X(CAA_EBUSY, "too much in flight")                                                   \
    X(CAA_ECORRUPT, "not what was written")

enum caa_err {
#define CAA_ERR_ENUM(name, text) name,
    CAA_ERR_TABLE(CAA_ERR_ENUM)
#undef CAA_ERR_ENUM
};

#define CAA_MUSTCHECK __attribute__((warn_unused_result))

/* A few words for a log line; static, never NULL. */
const char *caa_err_text(enum caa_err err);

#endif
