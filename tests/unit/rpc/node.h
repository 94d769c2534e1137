/* node.h - a message type that holds itself, with a field of each kind, as no
 * type of the schema has. Written by hand in protobuf-c's terms:
 *
 *   message Node {
 *     Node child = 1;      repeated Node children = 2;
 *     string text = 3;     repeated string texts = 4;
 *     bytes octets = 5;    uint32 number = 6;
 *     fixed32 word = 7;    fixed64 long_word = 8;
 *     repeated uint32 numbers = 9;  repeated fixed32 words = 10;
 *   }
 */
#ifndef CAA_TEST_RPC_NODE_H
#define CAA_TEST_RPC_NODE_H

#include <protobuf-c/protobuf-c.h>

extern const ProtobufCMessageDescriptor node_descriptor;

#endif
