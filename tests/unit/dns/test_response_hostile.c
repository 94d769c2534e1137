/* Messages cut, bent and blown up: never a crash, never an answer with less in
 * it than was sent. */
#include "dns/response.h"

#include "base/clock.h"
#include "check/fixture.h"
#include "dns/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WWW "www.example.test"
#define Q   "QD " WWW " CAA\n"
#define OPT "AR . 0 OPT 0 000f00050007676f6e\n"

enum { BUDGET = 16 << 20 };

/* A denial as a validating resolver sends it. */
#define DENY                                                                             \
    Q "AN " WWW " 300 CNAME t.test\nAN t.test 300 CAA 0 issue ca.test\n"                 \
      "AN t.test 300 CAA 128 tbs x\nNS test 60 SOA 60\n" OPT

/* Reads a copy on the heap that ends where the message does, so that a
 * sanitizer sees an overrun. */
static enum caa_outcome outcome_of(struct bytes octets, size_t *properties)
{
    uint8_t *copy = malloc(octets.len + 1);
    struct arena *arena = arena_create(BUDGET);
    struct caa_answer answer;
    assert_non_null(copy);
    uint8_t *start = copy + 1;
    memcpy(start, octets.data, octets.len);
    assert_int_equal(
        response_read(arena, (struct bytes){start, octets.len}, WWW, &answer), CAA_OK);
    if (properties)
        *properties = answer.property_count;
    for (size_t i = 0; i < answer.property_count; i++) {
        struct bytes tag = answer.properties[i].tag, value = answer.properties[i].value;
        assert_true(tag.data >= start && value.data + value.len <= start + octets.len);
    }
    for (size_t i = 0; i < answer.ede_count; i++)
        assert_true(answer.ede[i].text.data + answer.ede[i].text.len <=
                    start + octets.len);
    arena_destroy(arena);
    free(copy);
    return answer.outcome;
}

static const struct message *good_denial(void)
{
    static struct message message;
    message_write(&message, RECURSIVE | AD, DENY);
    size_t properties;
    assert_int_equal(outcome_of(message_bytes(&message), &properties), CAA_OUTCOME_RRSET);
    assert_int_equal(properties, 2);
    return &message;
}

/* [RFC 2181 9] Less than was sent is not an answer. */
static void every_truncation_is_malformed(void **state)
{
    (void)state;
    const struct message *good = good_denial();
    for (size_t len = 0; len < good->len; len++)
        assert_int_equal(outcome_of((struct bytes){good->data, len}, NULL),
                         CAA_OUTCOME_MALFORMED_RESPONSE);
}

static void every_truncation_under_tc_is_truncated_or_malformed(void **state)
{
    (void)state;
    static struct message message;
    message = *good_denial();
    message.data[2] |= TC >> 8;
    for (size_t len = 0; len <= message.len; len++)
        assert_int_equal(outcome_of((struct bytes){message.data, len}, NULL),
                         len < 12 ? CAA_OUTCOME_MALFORMED_RESPONSE
                                  : CAA_OUTCOME_TRUNCATED);
}

static void octets_behind_the_message_make_it_malformed(void **state)
{
    (void)state;
    static struct message message;
    message = *good_denial();
    message_add_octets(&message, "\0", 1);
    assert_int_equal(outcome_of(message_bytes(&message), NULL),
                     CAA_OUTCOME_MALFORMED_RESPONSE);
}

/* Counts one up or down, and by far: what they promise must be there. */
static void counts_that_lie_make_it_malformed(void **state)
{
    (void)state;
    static const unsigned lies[] = {0, 1, 2, 3, 4, 5, 255, 65535};
    static const unsigned truth[] = {1, 3, 1, 1};
    static struct message message;
    for (unsigned section = 0; section < 4; section++) {
        for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
            if (lies[i] == truth[section])
                continue;
            message = *good_denial();
            message_lie(&message, section, lies[i]);
            assert_int_equal(outcome_of(message_bytes(&message), NULL),
                             CAA_OUTCOME_MALFORMED_RESPONSE);
        }
    }
}

/* Of one bit flipped anywhere the reader may make what it likes, but no empty
 * answer that lets an issuance through: every record is still there. */
static void a_flipped_bit_never_empties_a_denial(void **state)
{
    (void)state;
    static struct message message;
    const struct message *good = good_denial();
    for (size_t bit = 0; bit < good->len * 8; bit++) {
        size_t properties;
        message = *good;
        message.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        enum caa_outcome outcome = outcome_of(message_bytes(&message), &properties);
        assert_int_not_equal(outcome, CAA_OUTCOME_NODATA);
        assert_int_not_equal(outcome, CAA_OUTCOME_NXDOMAIN);
        if (outcome == CAA_OUTCOME_RRSET)
            assert_int_equal(properties, 2);
    }
}

/* [RFC 1035 4.1.4] From each octet of the message to each. */
static void a_pointer_to_anywhere_ends(void **state)
{
    (void)state;
    static struct message message;
    for (unsigned target = 0; target < 80; target++) {
        char script[200];
        snprintf(script, sizeof script,
                 Q "AN @%u 300 CAA 0 issue b\nAN @%u 300 CNAME @%u\n" OPT, target, target,
                 target + 34);
        message_write(&message, RECURSIVE, script);
        enum caa_outcome outcome = outcome_of(message_bytes(&message), NULL);
        assert_true(outcome == CAA_OUTCOME_MALFORMED_RESPONSE);
    }
}

/* Adds a chain of count aliases, last link first, and a record at its end. */
static void add_chain(struct message *message, unsigned count)
{
    char line[100];
    for (unsigned i = count; i-- > 0;) {
        if (i == 0)
            snprintf(line, sizeof line, "AN " WWW " 90 CNAME t1.test\n");
        else
            snprintf(line, sizeof line, "AN t%u.test 90 CNAME t%u.test\n", i, i + 1);
        message_add(message, line);
    }
    snprintf(line, sizeof line, "AN t%u.test 60 CAA 0 issue b\n" OPT, count);
    message_add(message, line);
}

/* [RFC 1034 3.6.2] More than any resolver follows. */
static void a_chain_of_20_is_followed_and_one_of_65_is_not(void **state)
{
    (void)state;
    static struct message message;
    for (unsigned count = 1; count <= 70; count++) {
        message_write(&message, RECURSIVE, Q);
        add_chain(&message, count);
        enum caa_outcome outcome = outcome_of(message_bytes(&message), NULL);
        if (count <= 20)
            assert_int_equal(outcome, CAA_OUTCOME_RRSET);
        else if (count > 64)
            assert_int_equal(outcome, CAA_OUTCOME_MALFORMED_RESPONSE);
        else
            assert_true(outcome == CAA_OUTCOME_RRSET ||
                        outcome == CAA_OUTCOME_MALFORMED_RESPONSE);
    }
}

/* ------------------------------------------------------------------- by size */

/* As many smallest records, octets of one, as fit a message. */
static size_t fill(struct message *message, const void *record, size_t len, size_t up_to)
{
    size_t count = 0;
    for (; message->len + len <= up_to; count++)
        message_add_octets(message, record, len);
    return count;
}

/* Pointer to the question's name, CAA, IN, TTL 0, RDATA "\0\0". */
static const uint8_t smallest_caa[] = {0xc0, 12, 1, 1, 0, 1, 0, 0, 0, 0, 0, 2, 0, 0};

static void a_message_of_64_kib_of_the_smallest_records_is_read_whole(void **state)
{
    (void)state;
    static struct message message;
    message_write(&message, RECURSIVE, Q);
    size_t properties,
        count = fill(&message, smallest_caa, sizeof smallest_caa, MESSAGE_MAX);
    message_lie(&message, 1, (unsigned)count);
    assert_in_range(count, 4000, 5000);
    assert_int_equal(outcome_of(message_bytes(&message), &properties), CAA_OUTCOME_RRSET);
    assert_int_equal(properties, count);
}

static void a_message_too_large_for_dns_is_malformed(void **state)
{
    (void)state;
    static struct message message;
    message_write(&message, RECURSIVE, Q);
    size_t count = fill(&message, smallest_caa, sizeof smallest_caa, MESSAGE_MAX + 100);
    message_lie(&message, 1, (unsigned)count);
    assert_int_equal(outcome_of(message_bytes(&message), NULL),
                     CAA_OUTCOME_MALFORMED_RESPONSE);
}

/* A chain of aliases behind thousands of other records is the dearest message
 * to read: each step looks at all of them. */
static void the_dearest_message_is_read_within_two_seconds(void **state)
{
    (void)state;
    enum { CHAIN = 60, CHAIN_OCTETS = 3000 };
    static struct message message;
    message_write(&message, RECURSIVE, Q);
    size_t count =
        fill(&message, smallest_caa, sizeof smallest_caa, MESSAGE_MAX - CHAIN_OCTETS);
    message_lie(&message, 1, (unsigned)count);
    add_chain(&message, CHAIN);
    assert_in_range(message.len, MESSAGE_MAX / 2, MESSAGE_MAX);
    int64_t started_us = clock_mono_us();
    assert_int_equal(outcome_of(message_bytes(&message), NULL),
                     CAA_OUTCOME_MALFORMED_RESPONSE);
    assert_in_range(clock_mono_us() - started_us, 0, 2000000);
}

/* CAA_ENOMEM, and the answer as it was. */
static void without_memory_nothing_is_touched(void **state)
{
    (void)state;
    const struct message *good = good_denial();
    enum caa_err err = CAA_ENOMEM;
    for (size_t budget = 0; err != CAA_OK; budget += 16) {
        struct arena *arena = arena_create(budget);
        struct caa_answer answer = {.ttl_s = 42};
        err = response_read(arena, message_bytes(good), WWW, &answer);
        assert_int_equal(answer.ttl_s, err == CAA_OK ? 300 : 42);
        assert_int_equal(answer.outcome, err == CAA_OK ? CAA_OUTCOME_RRSET : 0);
        arena_destroy(arena);
        assert_true(budget < 100000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_truncation_is_malformed),
        cmocka_unit_test(every_truncation_under_tc_is_truncated_or_malformed),
        cmocka_unit_test(octets_behind_the_message_make_it_malformed),
        cmocka_unit_test(counts_that_lie_make_it_malformed),
        cmocka_unit_test(a_flipped_bit_never_empties_a_denial),
        cmocka_unit_test(a_pointer_to_anywhere_ends),
        cmocka_unit_test(a_chain_of_20_is_followed_and_one_of_65_is_not),
        cmocka_unit_test(a_message_of_64_kib_of_the_smallest_records_is_read_whole),
        cmocka_unit_test(a_message_too_large_for_dns_is_malformed),
        cmocka_unit_test(the_dearest_message_is_read_within_two_seconds),
        cmocka_unit_test(without_memory_nothing_is_touched),
    };
    return cmocka_run_group_tests_name("hostile responses", tests, NULL, NULL);
}
