#include "rpc/node.h"

#include <stddef.h>
#include <stdint.h>

struct node {
    ProtobufCMessage base;
    struct node *child;
    size_t n_children;
    struct node **children;
    char *text;
    size_t n_texts;
    char **texts;
    ProtobufCBinaryData octets;
    uint32_t number, word;
    uint64_t long_word;
    size_t n_numbers;
    uint32_t *numbers;
    size_t n_words;
    uint32_t *words;
};

#define ONE(id_, kind, member, type_of_it)                                               \
    {                                                                                    \
        .name = #member, .id = id_, .label = PROTOBUF_C_LABEL_NONE,                      \
        .type = PROTOBUF_C_TYPE_##kind, .offset = offsetof(struct node, member),         \
        .descriptor = type_of_it                                                         \
    }
#define MANY(id_, kind, member, type_of_it)                                              \
    {                                                                                    \
        .name = #member, .id = id_, .label = PROTOBUF_C_LABEL_REPEATED,                  \
        .type = PROTOBUF_C_TYPE_##kind,                                                  \
        .quantifier_offset = offsetof(struct node, n_##member),                          \
        .offset = offsetof(struct node, member), .descriptor = type_of_it                \
    }

static const ProtobufCFieldDescriptor fields[] = {
    ONE(1, MESSAGE, child, &node_descriptor),
    MANY(2, MESSAGE, children, &node_descriptor),
    ONE(3, STRING, text, NULL),
    MANY(4, STRING, texts, NULL),
    ONE(5, BYTES, octets, NULL),
    ONE(6, UINT32, number, NULL),
    ONE(7, FIXED32, word, NULL),
    ONE(8, FIXED64, long_word, NULL),
    MANY(9, UINT32, numbers, NULL),
    MANY(10, FIXED32, words, NULL),
};

static const unsigned by_name[] = {0, 1, 7, 5, 8, 4, 2, 3, 6, 9};
static const ProtobufCIntRange ranges[] = {{1, 0}, {0, 10}};

const ProtobufCMessageDescriptor node_descriptor = {
    .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
    .name = "test.Node",
    .short_name = "Node",
    .c_name = "Node",
    .package_name = "test",
    .sizeof_message = sizeof(struct node),
    .n_fields = sizeof fields / sizeof fields[0],
    .fields = fields,
    .fields_sorted_by_name = by_name,
    .n_field_ranges = 1,
    .field_ranges = ranges,
};
