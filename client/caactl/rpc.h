/* rpc.h - one call for a verb: pack, send, unpack, complain.
 * Threads: main only. */
#ifndef CAACTL_RPC_H
#define CAACTL_RPC_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "verb.h"

/* Makes the client from the global options. On failure the exit code, with the
 * reason printed; else 0. */
int rpc_connect(struct cli *cli);

/* Calls a method of a generated service. The reply is the caller's, to be freed
 * with protobuf_c_message_free_unpacked. NULL: the reason has been printed and
 * *exit_code is set. request_id may be NULL. */
ProtobufCMessage *rpc_call(struct cli *cli, const ProtobufCServiceDescriptor *service,
                           const char *method, const ProtobufCMessage *request,
                           const char *request_id, int *exit_code);

/* The same for a method known by its full name and descriptors. */
ProtobufCMessage *rpc_call_method(struct cli *cli, const char *method,
                                  const ProtobufCMessage *request,
                                  const ProtobufCMessageDescriptor *reply_type,
                                  const char *request_id, int *exit_code);

/* One line of JSON on stdout. */
void rpc_print_json(const ProtobufCMessage *message);

/* Prints the error and returns 64 + its code. */
int rpc_complain(const struct caa_client_error *error);

/* protobuf-c's structs have no const. Lent for packing only. */
char *rpc_lend(const char *text);

#endif
