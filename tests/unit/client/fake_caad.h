/* fake_caad.h - answers in caad's schema for peer.h, without any DNS: the first
 * label of a name says what its verdict is ("denied.example.test").
 * Threads: any; no state. */
#ifndef TEST_FAKE_CAAD_H
#define TEST_FAKE_CAAD_H

#include <caa/v1/caa.pb-c.h>

#include "peer.h"

/* A peer_handler for every method a test needs. */
void fake_caad(void *arg, const Rpc__V1__Request *request, struct peer_reply *reply);

/* Packs message into the reply. */
void fake_payload(struct peer_reply *reply, const ProtobufCMessage *message);

/* Answers request into *response, whose results and their list come from malloc
 * and are released with fake_check_free. */
void fake_check(const Caa__V1__CheckDomainsRequest *request, const char *request_id,
                Caa__V1__CheckDomainsResponse *response);
void fake_check_free(Caa__V1__CheckDomainsResponse *response);

#endif
