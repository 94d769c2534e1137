#include "base/err.h"

const char *caa_err_text(enum caa_err err)
{
    switch (err) {
#define CAA_ERR_CASE(name, text)                                                         \
    case name:                                                                           \
        return text;
        CAA_ERR_TABLE(CAA_ERR_CASE)
#undef CAA_ERR_CASE
    }
    return "unknown error";
}
