#include "dns/query.h"

#include "check/fixture.h"

#include <string.h>

struct row {
    const char *name;
    const char *asked;
    uint16_t type, id;
    bool cd;
    struct bytes message; /* empty: no name */
};

#define OPT_RECORD "\0\0\x29\x04\xd0\0\0\0\0\0\0"
#define LABEL_63   "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"

/* A header, the question, and an OPT that advertises 1,232 octets, no DO. */
static struct row rows[] = {
    {"[RFC 1035 4.1] a CAA question with RD, AD and EDNS", "ca.test", QUERY_TYPE_CAA,
     0xbeef, false,
     OCTETS("\xbe\xef\x01\x20\0\1\0\0\0\0\0\1"
            "\2ca\4test\0\1\1\0\1" OPT_RECORD)},
    {"[RFC 4035 3.2.2] CD asks not to validate", "ca.test", QUERY_TYPE_CAA, 1, true,
     OCTETS("\0\1\x01\x30\0\1\0\0\0\0\0\1"
            "\2ca\4test\0\1\1\0\1" OPT_RECORD)},
    {"[RFC 1034 3.1] the root is the empty name", "", QUERY_TYPE_SOA, 0, false,
     OCTETS("\0\0\x01\x20\0\1\0\0\0\0\0\1"
            "\0\0\6\0\1" OPT_RECORD)},
    {"[RFC 1035 2.3.4] a label of 63 octets", LABEL_63, QUERY_TYPE_CAA, 0xffff, false,
     OCTETS("\xff\xff\x01\x20\0\1\0\0\0\0\0\1"
            "\x3f" LABEL_63 "\0\1\1\0\1" OPT_RECORD)},
    {"[RFC 1035 2.3.4] a label of 64 octets is none", LABEL_63 "x", QUERY_TYPE_CAA, 0,
     false, OCTETS("")},
    {"[RFC 1035 2.3.4] an empty label is none", "a..test", QUERY_TYPE_CAA, 0, false,
     OCTETS("")},
    {"[RFC 1035 2.3.4] a name of one dot is none", ".", QUERY_TYPE_CAA, 0, false,
     OCTETS("")},
    {"[RFC 1035 2.3.4] a leading dot is none", ".test", QUERY_TYPE_CAA, 0, false,
     OCTETS("")},
};

static void writes(void **state)
{
    const struct row *row = *state;
    uint8_t out[QUERY_MAX];
    size_t len = query_write(out, row->asked, row->type, row->id, row->cd);
    assert_int_equal(len, row->message.len);
    assert_memory_equal(out, row->message.data, len);
}

/* [RFC 1035 2.3.4] 255 octets on the wire, 253 as text. */
static void the_longest_name_is_written_and_a_longer_one_is_not(void **state)
{
    (void)state;
    char name[256];
    uint8_t out[QUERY_MAX];
    memset(name, 'a', sizeof name);
    name[63] = name[127] = name[191] = '.';
    name[253] = '\0';
    assert_int_equal(query_write(out, name, QUERY_TYPE_CAA, 0, false), QUERY_MAX);
    name[253] = 'a';
    name[254] = '\0';
    assert_int_equal(query_write(out, name, QUERY_TYPE_CAA, 0, false), 0);
}

static void a_name_of_127_labels_is_written(void **state)
{
    (void)state;
    char name[254];
    uint8_t out[QUERY_MAX];
    for (size_t i = 0; i < 253; i++)
        name[i] = i % 2 ? '.' : 'a';
    name[253] = '\0';
    assert_int_equal(query_write(out, name, QUERY_TYPE_CAA, 0, false), QUERY_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_name_is_written_and_a_longer_one_is_not),
        cmocka_unit_test(a_name_of_127_labels_is_written),
    };
    return FIXTURE_RUN("query", rows, writes, tests);
}
