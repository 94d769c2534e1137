/* rig.h - a server with small services of the test's own, on an ipc socket in
 * a folder of its own, and clients that send it any octets.
 *
 *   CaaService (bounded, role check)
 *     CheckDomains   answers at once, or with order_id "hold" when told to;
 *                    the answer's instance is the call's caller, checked_at_ms
 *                    its patience in ms
 *     ExplainDomain  ends with no message
 *     GetCheck       fails with the field "audit_id" and a wait of 7 ms
 *   HealthService (unbounded, role check): Check answers at once
 *   AdminService (unbounded, role admin): GetStats answers at once
 *
 * Threads: the test's own; handlers run on nng's. */
#ifndef CAA_TEST_RPC_RIG_H
#define CAA_TEST_RPC_RIG_H

#include <nng/nng.h>

#include "caa/v1/caa.pb-c.h"
#include "check/fixture.h"
#include "rpc/server.h"

enum { RIG_HELD_MAX = 4096, RIG_MESSAGE_MAX = 4096, RIG_PATIENCE_MS = 30000 };

struct rig {
    struct rpc_server *server;
    char folder[32], path[40], url[48];
    Caa__V1__CaaService_Service caa;
    Caa__V1__HealthService_Service health;
    Caa__V1__AdminService_Service admin;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct rpc_call *held[RIG_HELD_MAX];
    unsigned held_count;
};

/* max_message_bytes is RIG_MESSAGE_MAX, memory of a request 1 MiB. */
void rig_start(struct rig *rig, unsigned max_in_flight, unsigned max_connections,
               unsigned roles);
/* Only the folder and a server that does not listen. */
void rig_create(struct rig *rig, unsigned max_in_flight, unsigned max_connections);
bool rig_listen(struct rig *rig, const char *url, unsigned roles, char error[256]);
/* Pre: nothing is held. */
void rig_stop(struct rig *rig);

/* Waits until so many calls are held; fails after 10 s. */
void rig_await_held(struct rig *rig, unsigned count);
/* Answers all that are held. */
void rig_release(struct rig *rig);
/* Wait until so many there are; fail after 5 s. */
void rig_await_connections(struct rig *rig, unsigned count);
void rig_await_in_flight(struct rig *rig, unsigned count);

/* ------------------------------------------------------------------ a client */

struct client {
    nng_socket socket;
};

void client_open(struct client *client, const char *url);
void client_close(struct client *client);

/* One request under way. */
struct request {
    nng_ctx ctx;
    nng_aio *aio;
};

/* Sends a message as it is and waits in the background: a reply that comes before
 * anyone waits would be lost with its connection. patience_ms: for the reply. */
struct request request_send(struct client *client, struct bytes message, int patience_ms);
/* The reply, to be freed; NULL: none came. Ends the request. */
Rpc__V1__Response *request_receive(struct request *request);
void request_cancel(struct request *request);

/* An envelope packed into out; its size. */
struct bytes pack_request(uint8_t *out, size_t size, const Rpc__V1__Request *request);
/* CheckDomains with this order_id, ready to send. */
struct bytes pack_check(uint8_t *out, size_t size, const char *order_id);

/* A CheckDomains that is held, and the code of its reply, which must come. */
struct request send_held(struct client *client);
int receive_code(struct request *request);

/* Sends and receives; a reply must come. */
Rpc__V1__Response *call_octets(struct client *client, struct bytes message);
Rpc__V1__Response *call_method(struct client *client, const char *method,
                               struct bytes payload);
/* Calls, compares the code and frees. */
void assert_code(struct client *client, const char *method, int code);

void response_free(Rpc__V1__Response *response);

#endif
