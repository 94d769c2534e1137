/* load_request.h - the requests of a load test: a JSON template of the method's
 * request message, in whose strings {{number}} stands for the request's number
 * (from 0), {{hex}} for 16 random hexadecimal digits, each time others, and
 * {{name}} for the next name of the names file.
 *
 * What is the same in every request is packed once. Where only the names
 * differ, they are appended to it: in protobuf a field may stand anywhere. The
 * rest is packed anew each time.
 * Threads: a template is constant; a request belongs to one caller at a time. */
#ifndef CAACTL_LOAD_REQUEST_H
#define CAACTL_LOAD_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load_names.h"
#include "json/schema.h"

struct load_template {
    const ProtobufCMessageDescriptor *input;
    /* JSON; borrowed. */
    const char *text;
    /* NULL: none; borrowed. */
    const struct load_names *names;
    unsigned batch;
    uint64_t seed;
    /* The repeated field the names go to; NULL: none, or {{name}} is used. */
    const ProtobufCFieldDescriptor *names_field;
    /* The single one, set to {{name}}. */
    const ProtobufCFieldDescriptor *name_field;
};

/* names may be NULL; batch: names a request. false: *problem says why. */
bool load_template_init(struct load_template *template,
                        const ProtobufCMessageDescriptor *input, const char *text,
                        const struct load_names *names, unsigned batch,
                        struct load_problem *problem);

/* A caller's own copy. */
struct load_request;
struct load_request *load_request_create(const struct load_template *template);
void load_request_destroy(struct load_request *request);

/* Request number number, valid until the next one is made. */
const uint8_t *load_request_make(struct load_request *request, uint64_t number,
                                 size_t *len);

#endif
