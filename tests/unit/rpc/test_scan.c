#include "rpc/scan.h"

#include "caa/v1/caa.pb-c.h"
#include "check/fixture.h"
#include "rpc/node.h"
#include "rpc/v1/rpc.pb-c.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------------ text */

struct text_row {
    const char *name;
    struct bytes octets;
    bool is_text;
};

static const struct text_row texts[] = {
    {"the empty text", OCTETS(""), true},
    {"[RFC 3629 3] ASCII", OCTETS("ca.test\x7f\x01\n"), true},
    {"NUL alone", OCTETS("\0"), false},
    {"NUL in the middle", OCTETS("ca.test\0.evil"), false},
    {"[RFC 3629 3] the first of two octets", OCTETS("\xc2\x80"), true},
    {"[RFC 3629 3] the last of two octets", OCTETS("\xdf\xbf"), true},
    {"[RFC 3629 3] the first of three octets", OCTETS("\xe0\xa0\x80"), true},
    {"[RFC 3629 3] the last of three octets", OCTETS("\xef\xbf\xbf"), true},
    {"[RFC 3629 3] the first of four octets", OCTETS("\xf0\x90\x80\x80"), true},
    {"[RFC 3629 3] U+10FFFF", OCTETS("\xf4\x8f\xbf\xbf"), true},
    {"[RFC 3629 3] U+110000", OCTETS("\xf4\x90\x80\x80"), false},
    {"[RFC 3629 4] F5 leads nothing", OCTETS("\xf5\x80\x80\x80"), false},
    {"[RFC 3629 4] FF leads nothing", OCTETS("\xff"), false},
    {"[RFC 3629 4] a lone continuation", OCTETS("\x80"), false},
    {"[RFC 3629 10] NUL in two octets", OCTETS("\xc0\x80"), false},
    {"[RFC 3629 10] overlong in two octets", OCTETS("\xc1\xbf"), false},
    {"[RFC 3629 10] overlong in three octets", OCTETS("\xe0\x9f\xbf"), false},
    {"[RFC 3629 10] overlong in four octets", OCTETS("\xf0\x8f\xbf\xbf"), false},
    {"[RFC 3629 3] before the surrogates", OCTETS("\xed\x9f\xbf"), true},
    {"[RFC 3629 3] the first surrogate", OCTETS("\xed\xa0\x80"), false},
    {"[RFC 3629 3] the last surrogate", OCTETS("\xed\xbf\xbf"), false},
    {"[RFC 3629 3] behind the surrogates", OCTETS("\xee\x80\x80"), true},
    {"two octets cut", OCTETS("a\xc2"), false},
    {"three octets cut", OCTETS("a\xe2\x98"), false},
    {"four octets cut", OCTETS("a\xf0\x9f\x98"), false},
    {"a continuation that is none", OCTETS("\xe2\x98\x41"), false},
    {"the last continuation is none", OCTETS("\xf0\x9f\x98\x41"), false},
    {"Latin-1", OCTETS("m\xfcller.test"), false},
};

static void text_is_well_formed_utf_8_without_nul(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (scan_is_text(texts[i].octets) != texts[i].is_text)
            fail_msg("%s", texts[i].name);
}

/* -------------------------------------------------------------------- messages */

struct row {
    const char *name;
    struct bytes octets;
    const char *field;                            /* NULL: well */
    const char *reason;                           /* a part of it */
    const ProtobufCMessageDescriptor *descriptor; /* NULL: test.Node */
};

#define NOT_TEXT   "UTF-8 text without NUL"
#define NO_MESSAGE "not a protobuf message"
#define OTHER_TYPE "another type"
#define CHECK      &caa__v1__check_domains_request__descriptor
#define ENVELOPE   &rpc__v1__request__descriptor

static struct row rows[] = {
    {"an empty message", OCTETS(""), NULL, NULL, NULL},
    {"a text", OCTETS("\x1a\x02ok"), NULL, NULL, NULL},
    {"octets may be anything", OCTETS("\x2a\x03\0\xff\xc0"), NULL, NULL, NULL},
    {"a field twice",
     OCTETS("\x1a\x01"
            "a\x1a\x01"
            "b"),
     NULL, NULL, NULL},
    {"every kind of number", OCTETS("\x30\x96\x01\x3d\1\2\3\4\x41\1\2\3\4\5\6\7\x08"),
     NULL, NULL, NULL},
    {"a number of ten octets", OCTETS("\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
     NULL, NULL, NULL},
    {"a number of eleven octets",
     OCTETS("\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "", NO_MESSAGE, NULL},
    {"numbers packed and not", OCTETS("\x4a\x03\x01\x96\x01\x48\x05\x4a\0"), NULL, NULL,
     NULL},
    {"words packed and not", OCTETS("\x52\x08\1\2\3\4\5\6\7\x08\x55\1\2\3\4"), NULL, NULL,
     NULL},
    {"packed numbers cut", OCTETS("\x4a\x02\x01\x96"), "numbers[0]", OTHER_TYPE, NULL},
    {"packed words cut", OCTETS("\x55\1\2\3\4\x52\x05\1\2\3\4\5"), "words[1]", OTHER_TYPE,
     NULL},

    {"a text that is none", OCTETS("\x1a\x02\xc0\x80"), "text", NOT_TEXT, NULL},
    {"a text with NUL",
     OCTETS("\x1a\x03"
            "a\0b"),
     "text", NOT_TEXT, NULL},
    {"the fourth name", OCTETS("\x32\1a\x32\1b\x32\1c\x32\1\0"), "names[3]", NOT_TEXT,
     CHECK},
    {"a name with octets behind its end",
     OCTETS("\x32\x0c"
            "ok.test\0evil"),
     "names[0]", NOT_TEXT, CHECK},
    {"the last of a field that comes twice",
     OCTETS("\x1a\x01"
            "a\x1a\x01\xff"),
     "text", NOT_TEXT, NULL},
    {"a text inside", OCTETS("\x0a\x03\x1a\x01\xff"), "child.text", NOT_TEXT, NULL},
    {"a text deep inside", OCTETS("\x12\0\x12\x0c\x0a\x0a\x22\0\x22\x02ok\x22\x02\xc3("),
     "children[1].child.texts[2]", NOT_TEXT, NULL},
    {"a value of the metadata", OCTETS("\x22\x03\x0a\x01k\x22\x06\x0a\x01k\x12\x01\x80"),
     "metadata[1].value", NOT_TEXT, ENVELOPE},
    {"an inner message cut", OCTETS("\x12\x02\x1a\x05"), "children[0]", NO_MESSAGE, NULL},

    {"a key cut", OCTETS("\x80"), "", NO_MESSAGE, NULL},
    {"a key of six octets", OCTETS("\x9a\x80\x80\x80\x80\x00\0"), "", NO_MESSAGE, NULL},
    {"a key above the largest", OCTETS("\xf8\xff\xff\xff\x1f\0"), "", NO_MESSAGE, NULL},
    {"field number 0", OCTETS("\x02\0"), "", NO_MESSAGE, NULL},
    {"a number cut", OCTETS("\x30\x96"), "", NO_MESSAGE, NULL},
    {"a number that is missing", OCTETS("\x30"), "", NO_MESSAGE, NULL},
    {"a word cut", OCTETS("\x3d\1\2\3"), "", NO_MESSAGE, NULL},
    {"a long word cut", OCTETS("\x41\1\2\3\4\5\6\7"), "", NO_MESSAGE, NULL},
    {"a text cut",
     OCTETS("\x1a\x05"
            "abcd"),
     "", NO_MESSAGE, NULL},
    {"a length cut", OCTETS("\x1a\x80"), "", NO_MESSAGE, NULL},
    {"a length beyond all memory", OCTETS("\x1a\xff\xff\xff\xff\x0f"), "", NO_MESSAGE,
     NULL},
    {"a length of six octets", OCTETS("\x1a\x80\x80\x80\x80\x80\0"), "", NO_MESSAGE,
     NULL},
    {"a group", OCTETS("\x0b\x0c"), "", NO_MESSAGE, NULL},
    {"wire type 6", OCTETS("\x0e"), "", NO_MESSAGE, NULL},
    {"wire type 7", OCTETS("\x0f"), "", NO_MESSAGE, NULL},

    {"a number for a text", OCTETS("\x18\1"), "text", OTHER_TYPE, NULL},
    {"a number for the second text", OCTETS("\x22\0\x20\1"), "texts[1]", OTHER_TYPE,
     NULL},
    {"a text for a number", OCTETS("\x32\1\1"), "number", OTHER_TYPE, NULL},
    {"a word for a number", OCTETS("\x35\1\2\3\4"), "number", OTHER_TYPE, NULL},
    {"a number for a word", OCTETS("\x38\1"), "word", OTHER_TYPE, NULL},
    {"a long word for a word", OCTETS("\x39\1\2\3\4\5\6\7\x08"), "word", OTHER_TYPE,
     NULL},
    {"a number for a message", OCTETS("\x08\1"), "child", OTHER_TYPE, NULL},
    {"a word for the timeout", OCTETS("\x1d\1\2\3\4"), "timeout_ms", OTHER_TYPE,
     ENVELOPE},

    {"an unknown field of each kind",
     OCTETS("\xa0\x06\1\xa1\x06\1\2\3\4\5\6\7\x08\xa2\x06\2\xff\xff\xa5\x06\1\2\3\4"),
     NULL, NULL, NULL},
    {"an unknown field cut", OCTETS("\xa2\x06\3\xff\xff"), "", NO_MESSAGE, NULL},
};

/* protobuf-c must take what the scan lets through. */
static bool unpacks(const ProtobufCMessageDescriptor *descriptor, struct bytes octets)
{
    ProtobufCMessage *message =
        protobuf_c_message_unpack(descriptor, NULL, octets.len, octets.data);
    protobuf_c_message_free_unpacked(message, NULL);
    return message != NULL;
}

static void is_scanned(void **state)
{
    const struct row *row = *state;
    const ProtobufCMessageDescriptor *descriptor =
        row->descriptor ? row->descriptor : &node_descriptor;
    struct arena *arena = arena_create(FIXTURE_BUDGET);
    struct scan_fault fault;
    bool well = scan_message(arena, descriptor, row->octets, &fault);
    if (!well) {
        assert_non_null(row->field);
        assert_string_equal(fault.field, row->field);
        assert_non_null(strstr(fault.reason, row->reason));
    } else {
        assert_null(row->field);
        assert_true(unpacks(descriptor, row->octets));
    }
    arena_destroy(arena);
}

/* ---------------------------------------------------------------------- limits */

/* Nodes one inside the other, the innermost empty. */
static struct bytes nested(uint8_t *out, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++) {
        out[2 * i] = 0x0a;
        out[2 * i + 1] = (uint8_t)(2 * (depth - 1 - i));
    }
    return (struct bytes){out, (size_t)2 * depth};
}

/* protobuf-c unpacks by recursion. */
static void nesting_is_bounded(void **state)
{
    (void)state;
    uint8_t octets[200];
    for (unsigned depth = 0; depth < 60; depth++) {
        struct arena *arena = arena_create(FIXTURE_BUDGET);
        struct scan_fault fault;
        bool well = scan_message(arena, &node_descriptor, nested(octets, depth), &fault);
        assert_int_equal(well, depth <= 8);
        if (!well)
            assert_non_null(strstr(fault.reason, "too deep"));
        arena_destroy(arena);
    }
}

/* Each is copied by protobuf-c. Counted over the whole message. */
static void fields_the_schema_lacks_are_bounded(void **state)
{
    (void)state;
    uint8_t octets[2000];
    for (size_t count = 0; count < 130; count++) {
        size_t len = 0;
        for (size_t i = 0; i < count; i++) {
            bool inside = i % 2; /* of a child */
            if (inside) {
                octets[len++] = 0x12;
                octets[len++] = 3;
            }
            memcpy(octets + len, "\xa0\x06\x01", 3);
            len += 3;
        }
        struct arena *arena = arena_create(FIXTURE_BUDGET);
        struct scan_fault fault;
        bool well =
            scan_message(arena, &node_descriptor, (struct bytes){octets, len}, &fault);
        assert_int_equal(well, count <= 64);
        arena_destroy(arena);
    }
}

/* A well message is not called wrong for want of memory to read it in. */
static void without_memory_a_message_is_not_to_blame(void **state)
{
    (void)state;
    struct scan_fault fault;
    size_t budget = 0;
    for (;; budget += 8) {
        struct arena *arena = arena_create(budget);
        bool well = scan_message(arena, &node_descriptor,
                                 OCTETS("\x12\x05\x0a\x03\x1a\x01x"), &fault);
        arena_destroy(arena);
        if (well)
            break;
        assert_true(fault.no_memory);
    }
    assert_true(budget > 0);
    struct arena *arena = arena_create(FIXTURE_BUDGET);
    assert_false(scan_message(arena, &node_descriptor,
                              OCTETS("\x12\x05\x0a\x03\x1a\x01\xff"), &fault));
    assert_false(fault.no_memory);
    arena_destroy(arena);
}

/* A fault has its words even when no memory is left for the path. */
static void without_memory_a_fault_still_has_words(void **state)
{
    (void)state;
    for (size_t budget = 0; budget < 1000; budget += 8) {
        struct arena *arena = arena_create(budget);
        struct scan_fault fault = {0};
        assert_false(scan_message(arena, &node_descriptor,
                                  OCTETS("\x12\x05\x0a\x03\x1a\x01\xff"), &fault));
        assert_non_null(fault.field);
        assert_true(strlen(fault.reason) > 0);
        arena_destroy(arena);
    }
}

/* Every prefix and every flipped bit: what is let through can be unpacked. */
static void what_is_let_through_can_be_unpacked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t octets[64];
        const ProtobufCMessageDescriptor *descriptor =
            rows[i].descriptor ? rows[i].descriptor : &node_descriptor;
        for (size_t bit = 0; bit < rows[i].octets.len * 8; bit++) {
            struct bytes bent = {octets, rows[i].octets.len - bit % 2};
            struct arena *arena = arena_create(FIXTURE_BUDGET);
            struct scan_fault fault;
            memcpy(octets, rows[i].octets.data, rows[i].octets.len);
            octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (scan_message(arena, descriptor, bent, &fault) &&
                !unpacks(descriptor, bent))
                fail_msg("%s, bit %zu", rows[i].name, bit);
            arena_destroy(arena);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_well_formed_utf_8_without_nul),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(fields_the_schema_lacks_are_bounded),
        cmocka_unit_test(without_memory_a_message_is_not_to_blame),
        cmocka_unit_test(without_memory_a_fault_still_has_words),
        cmocka_unit_test(what_is_let_through_can_be_unpacked),
    };
    return FIXTURE_RUN("scan", rows, is_scanned, tests);
}
