/* refusals.h - every kind of wrong file, and the exact message for it, behind
 * the file's name. Files beside it: cert.pem, key.pem, empty.pem. */
#ifndef CAAD_TEST_CONFIG_REFUSALS_H
#define CAAD_TEST_CONFIG_REFUSALS_H

#include <stddef.h>

struct refusal {
    const char *file;
    size_t file_len; /* a file may hold NUL */
    const char *message;
};

#define OF(text) (text), sizeof(text) - 1

#define CA "issuer_domain_names: [ca.example]\n"
#define A_FILE                                                                           \
    "a mapping with any of the keys issuer_domain_names, instance, perspective, "        \
    "source_addresses, listen, resolver, cache, products, audit, metrics, limits, log"
#define TOP_KEYS                                                                         \
    "issuer_domain_names, instance, perspective, source_addresses, listen, resolver, "   \
    "cache, products, audit, metrics, limits, log"
#define A_DOMAIN "a domain name in A-labels, such as ca.example"
#define A_SERVER                                                                         \
    "ADDRESS, ADDRESS:PORT or [V6ADDRESS]:PORT in numbers, such as 127.0.0.1:53"
#define AN_ADDRESS "an IP address or a prefix, such as 192.0.2.1 or 2001:db8::/48"
#define A_URL      "ipc:///PATH, tcp://ADDRESS:PORT or tls+tcp://ADDRESS:PORT"
#define A_STORE    "sqlite:PATH, postgresql://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE or none"
#define A_TIMEOUT  "expected a whole number from 10 to 60000"
#define A_RESOLVER                                                                       \
    "a mapping with any of the keys servers, workers, timeout_ms, attempts, "            \
    "require_dnssec"
#define A_LISTENER "a mapping with any of the keys url, mode, roles, insecure, tls"
#define A_PRODUCT                                                                        \
    "a mapping with any of the keys name, certificate, caa, issuer_domain_names"
#define A_MODE  "an octal mode that has 0600, such as \"0660\""
#define NO_YAML "; expected \"key: value\" lines as in caad.conf(5)"
#define NO_TEXT "; expected UTF-8 without control characters"

static const struct refusal REFUSALS[] = {
    /* the file as a whole */
    {OF(""), ":1: the file is empty; expected at least issuer_domain_names: [DOMAIN]"},
    {OF("# nothing but a comment\n"),
     ":1: the file is empty; expected at least issuer_domain_names: [DOMAIN]"},
    {OF("---\n"), ":2: the value is missing; expected " A_FILE},
    {OF("- a\n"), ":1: a list is not a mapping; expected " A_FILE},
    {OF("plain\n"), ":1: \"plain\" is not a mapping; expected " A_FILE},
    {OF("issuer_domain_names: [a.b\n"),
     ":2: not YAML: did not find expected ',' or ']'" NO_YAML},
    {OF("issuer_domain_names: [a.b]\n"
        "\tx: 1\n"),
     ":2: not YAML: found character that cannot start any token" NO_YAML},
    {OF("issuer_domain_names: [a.b]\n"
        "x: \"y\n"),
     ":3: not YAML: found unexpected end of stream" NO_YAML},
    {OF("a: b: c\n"),
     ":1: not YAML: mapping values are not allowed in this context" NO_YAML},
    {OF("issuer_domain_names: [*nobody]\n"),
     ":1: not YAML: found undefined alias" NO_YAML},
    {OF("# \303\251\n"
        "instance: \"\377\"\n"),
     ":2: not text: invalid leading UTF-8 octet" NO_TEXT},
    {OF("\377\376i\000"), ":1: not text: invalid leading UTF-8 octet" NO_TEXT},
    {OF("instance: a\033[31m\n"),
     ":1: not text: control characters are not allowed" NO_TEXT},
    {OF("instance: a\000\n"), ":1: not text: control characters are not allowed" NO_TEXT},
    {OF("instance: \"\300\257\"\n"),
     ":1: not text: invalid length of a UTF-8 sequence" NO_TEXT},
    {OF("instance: \"\355\240\200\"\n"),
     ":1: not text: invalid Unicode character" NO_TEXT},
    /* documents */
    {OF(CA "---\n"
           "log: {level: debug}\n"),
     ":2: a second document begins; expected one in the file"},
    {OF(CA "...\n"
           "---\n"
           "x: [\n"),
     ":5: not YAML: did not find expected node content" NO_YAML},
    /* keys */
    {OF(CA "zz: 1\n"), ":2: \"zz\" is not a key here; expected one of: " TOP_KEYS},
    {OF(CA "log_level: info\n"),
     ":2: \"log_level\" is not a key here; expected one of: " TOP_KEYS},
    {OF(CA "Cache: {}\n"),
     ":2: \"Cache\" is not a key here (did you mean cache?); expected one of: " TOP_KEYS},
    {OF(CA "\"\": 1\n"), ":2: \"\" is not a key here; expected one of: " TOP_KEYS},
    {OF(CA "? [a]\n"
           ": b\n"),
     ":2: a list is not a key here; expected one of: " TOP_KEYS},
    {OF(CA "? {a: b}\n"
           ": c\n"),
     ":2: a mapping is not a key here; expected one of: " TOP_KEYS},
    {OF(CA "cache: {}\n"
           "\n"
           "cache: {}\n"),
     ":4: cache: the key stands in line 2 already; expected each key once"},
    {OF(CA "resolver: {timeout: 5}\n"),
     ":2: resolver: \"timeout\" is not a key here (did you mean timeout_ms?); expected "
     "one of: servers, workers, timeout_ms, attempts, require_dnssec"},
    {OF(CA "resolver:\n"
           "  timout_ms: 5\n"),
     ":3: resolver: \"timout_ms\" is not a key here (did you mean timeout_ms?); expected "
     "one of: servers, workers, timeout_ms, attempts, require_dnssec"},
    {OF(CA "limits:\n"
           "  max_nmaes: 5\n"),
     ":3: limits: \"max_nmaes\" is not a key here (did you mean max_names?); expected "
     "one of: max_message_bytes, max_names, max_in_flight, max_connections, "
     "max_request_memory_bytes"},
    {OF(CA "\"a\\x07b\": 1\n"),
     ":2: \"a\\007b\" is not a key here; expected one of: " TOP_KEYS},
    {OF(CA "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
           "aaaaaaaaaaaaaaaaaaaaaaaaa\": 1\n"),
     ":2: "
     "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
     "..\" is not a key here; expected one of: " TOP_KEYS},
    {OF(CA "instance: !!int \"5\"\n"),
     ":2: instance: \"5\" has a tag; expected text of at most 64 octets"},
    {OF(CA "cache: !x {}\n"), ":2: cache: a mapping has a tag; expected a mapping with "
                              "any of the keys max_entries, max_ttl_s"},
    /* issuer_domain_names */
    {OF("log: {level: info}\n"),
     ":1: issuer_domain_names: the key is missing; expected a list, each item " A_DOMAIN},
    {OF("issuer_domain_names: []\n"),
     ":1: issuer_domain_names: the list is empty; expected a list, each item " A_DOMAIN},
    {OF("issuer_domain_names: ca.example\n"),
     ":1: issuer_domain_names: \"ca.example\" is not a list; expected a list, each "
     "item " A_DOMAIN},
    {OF("issuer_domain_names:\n"), ":1: issuer_domain_names: the value is missing; "
                                   "expected a list, each item " A_DOMAIN},
    {OF("issuer_domain_names: {a: b}\n"), ":1: issuer_domain_names: a mapping is not a "
                                          "list; expected a list, each item " A_DOMAIN},
    {OF("issuer_domain_names:\n"
        "  - ca.example\n"
        "  - CA.Example\n"),
     ":3: issuer_domain_names: the same as in line 2; expected no two alike"},
    {OF("issuer_domain_names: [[a.b]]\n"),
     ":1: issuer_domain_names: a list is not a single value; expected " A_DOMAIN},
    {OF("issuer_domain_names: [ca.example.]\n"),
     ":1: issuer_domain_names: \"ca.example.\" is not a domain name; expected " A_DOMAIN},
    {OF("issuer_domain_names: [-ca.example]\n"),
     ":1: issuer_domain_names: \"-ca.example\" is not a domain name; expected " A_DOMAIN},
    {OF("issuer_domain_names: [ca-.example]\n"),
     ":1: issuer_domain_names: \"ca-.example\" is not a domain name; expected " A_DOMAIN},
    {OF("issuer_domain_names: [ca..example]\n"),
     ":1: issuer_domain_names: \"ca..example\" is not a domain name; expected " A_DOMAIN},
    {OF("issuer_domain_names: [.]\n"),
     ":1: issuer_domain_names: \".\" is not a domain name; expected " A_DOMAIN},
    {OF("issuer_domain_names: [c_a.example]\n"),
     ":1: issuer_domain_names: \"c_a.example\" is not a domain name; expected " A_DOMAIN},
    {OF("issuer_domain_names: [\"*.ca.example\"]\n"),
     ":1: issuer_domain_names: \"*.ca.example\" is not a domain name; "
     "expected " A_DOMAIN},
    {OF("issuer_domain_names: [\"b\303\274cher.example\"]\n"),
     ":1: issuer_domain_names: \"b\\195\\188cher.example\" is not a domain name; "
     "expected " A_DOMAIN},
    {OF("issuer_domain_names: [\"ca.example; a=b\"]\n"),
     ":1: issuer_domain_names: \"ca.example; a=b\" is not a domain name; "
     "expected " A_DOMAIN},
    {OF("issuer_domain_names: [\"\"]\n"),
     ":1: issuer_domain_names: the value is missing; expected " A_DOMAIN},
    {OF("issuer_domain_names: [7]\n"),
     ":1: issuer_domain_names: \"7\" is not text unless quoted; expected " A_DOMAIN},
    {OF("issuer_domain_names: "
        "[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example\"]"
        "\n"),
     ":1: issuer_domain_names: "
     "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example\" is "
     "not a domain name; expected " A_DOMAIN},
    /* instance, perspective */
    {OF(CA "instance:\n"),
     ":2: instance: the value is missing; expected text of at most 64 octets"},
    {OF(CA "instance: []\n"),
     ":2: instance: a list is not a single value; expected text of at most 64 octets"},
    {OF(CA "instance: \"\"\n"),
     ":2: instance: the value is missing; expected text of at most 64 octets"},
    {OF(CA "instance: 5\n"),
     ":2: instance: \"5\" is not text unless quoted; expected text of at most 64 octets"},
    {OF(CA "instance: yes\n"), ":2: instance: \"yes\" is not text unless quoted; "
                               "expected text of at most 64 octets"},
    {OF(CA "instance: ~\n"),
     ":2: instance: \"~\" is not text unless quoted; expected text of at most 64 octets"},
    {OF(CA "instance: 1.5\n"), ":2: instance: \"1.5\" is not text unless quoted; "
                               "expected text of at most 64 octets"},
    {OF(CA "instance: \" a\"\n"),
     ":2: instance: \" a\" has a blank at an end; expected text of at most 64 octets"},
    {OF(CA "instance: \"a \"\n"),
     ":2: instance: \"a \" has a blank at an end; expected text of at most 64 octets"},
    {OF(CA "instance: \"a\\0b\"\n"), ":2: instance: \"a\\000b\" has a control character; "
                                     "expected text of at most 64 octets"},
    {OF(CA "instance: \"a\\x9bb\"\n"), ":2: instance: \"a\\194\\155b\" has a control "
                                       "character; expected text of at most 64 octets"},
    {OF(CA "instance: "
           "\"iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii\"\n"),
     ":2: instance: "
     "\"iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii\" is too long; "
     "expected text of at most 64 octets"},
    {OF(CA "perspective: {}\n"), ":2: perspective: a mapping is not a single value; "
                                 "expected text of at most 64 octets"},
    {OF(CA "perspective: "
           "\"ppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\"\n"),
     ":2: perspective: "
     "\"ppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\" is too long; "
     "expected text of at most 64 octets"},
    /* source_addresses */
    {OF(CA "source_addresses: 192.0.2.1\n"),
     ":2: source_addresses: \"192.0.2.1\" is not a list; expected a list, each "
     "item " AN_ADDRESS},
    {OF(CA "source_addresses: [here]\n"),
     ":2: source_addresses: \"here\" is not an IP address; expected " AN_ADDRESS},
    {OF(CA "source_addresses: [192.0.2.1, 192.0.2.1]\n"),
     ":2: source_addresses: the same as in line 2; expected no two alike"},
    {OF(CA "source_addresses: [192.0.2.0/33]\n"),
     ":2: source_addresses: \"192.0.2.0/33\" has a prefix length that does not fit; "
     "expected " AN_ADDRESS},
    {OF(CA "source_addresses: [192.0.2.0/]\n"),
     ":2: source_addresses: \"192.0.2.0/\" has a prefix length that does not fit; "
     "expected " AN_ADDRESS},
    {OF(CA "source_addresses: [192.0.2.0/-1]\n"),
     ":2: source_addresses: \"192.0.2.0/-1\" has a prefix length that does not fit; "
     "expected " AN_ADDRESS},
    {OF(CA "source_addresses: [192.0.2.0/08]\n"),
     ":2: source_addresses: \"192.0.2.0/08\" has a prefix length that does not fit; "
     "expected " AN_ADDRESS},
    {OF(CA "source_addresses: [192.0.2.1/24]\n"),
     ":2: source_addresses: \"192.0.2.1/24\" has address bits set behind the prefix "
     "length; expected " AN_ADDRESS},
    {OF(CA "source_addresses: [\"2001:db8::1/32\"]\n"),
     ":2: source_addresses: \"2001:db8::1/32\" has address bits set behind the prefix "
     "length; expected " AN_ADDRESS},
    {OF(CA "source_addresses: [\"2001:db8::/129\"]\n"),
     ":2: source_addresses: \"2001:db8::/129\" has a prefix length that does not fit; "
     "expected " AN_ADDRESS},
    {OF(CA "source_addresses: [192.0.2.256]\n"),
     ":2: source_addresses: \"192.0.2.256\" is not an IP address; expected " AN_ADDRESS},
    /* listen */
    {OF(CA "listen: {}\n"),
     ":2: listen: a mapping is not a list; expected a list, each item " A_LISTENER},
    {OF(CA "listen: []\n"),
     ":2: listen: the list is empty; expected a list, each item " A_LISTENER},
    {OF(CA "listen: [a]\n"), ":2: listen: \"a\" is not a mapping; expected " A_LISTENER},
    {OF(CA "listen:\n"
           "  - {}\n"
           "  - {}\n"),
     ":4: listen: the same as in line 3; expected no two alike"},
    {OF(CA "listen: [{path: a}]\n"), ":2: listen: \"path\" is not a key here; expected "
                                     "one of: url, mode, roles, insecure, tls"},
    {OF(CA "listen: [{url: 5}]\n"),
     ":2: listen.url: \"5\" is not text unless quoted; expected " A_URL},
    {OF(CA "listen: [{url: /run/caad.sock}]\n"),
     ":2: listen.url: \"/run/caad.sock\" has none of the three schemes; expected " A_URL},
    {OF(CA "listen: [{url: \"http://127.0.0.1:1\"}]\n"),
     ":2: listen.url: \"http://127.0.0.1:1\" has none of the three schemes; "
     "expected " A_URL},
    {OF(CA "listen: [{url: \"ipc://caad.sock\"}]\n"),
     ":2: listen.url: \"ipc://caad.sock\" has a path that is not absolute; "
     "expected " A_URL},
    {OF(CA "listen: [{url: \"ipc:///run/\"}]\n"),
     ":2: listen.url: \"ipc:///run/\" names a directory; expected " A_URL},
    {OF(CA "listen: [{url: "
           "\"ipc:///"
           "sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss"
           "ssssssssssssssssssssssssssssss\"}]\n"),
     ":2: listen.url: "
     "\"ipc:///"
     "sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss...\" has "
     "a path of more than 107 octets; expected " A_URL},
    {OF(CA "listen: [{url: \"tcp://127.0.0.1\"}]\n"),
     ":2: listen.url: \"tcp://127.0.0.1\" has no port; expected " A_URL},
    {OF(CA "listen: [{url: \"tcp://127.0.0.1:0\"}]\n"),
     ":2: listen.url: \"tcp://127.0.0.1:0\" has a port that is not a number from 1 to "
     "65535; expected " A_URL},
    {OF(CA "listen: [{url: \"tcp://127.0.0.1:65536\"}]\n"),
     ":2: listen.url: \"tcp://127.0.0.1:65536\" has a port that is not a number from 1 "
     "to 65535; expected " A_URL},
    {OF(CA "listen: [{url: \"tcp://localhost:80\"}]\n"),
     ":2: listen.url: \"tcp://localhost:80\" is not an IP address; expected " A_URL},
    {OF(CA "listen: [{url: \"tcp://::1:80\"}]\n"),
     ":2: listen.url: \"tcp://::1:80\" has no port; expected " A_URL},
    {OF(CA "listen: [{url: \"tcp://[::1:80\"}]\n"),
     ":2: listen.url: \"tcp://[::1:80\" has a bracket that is not closed; "
     "expected " A_URL},
    {OF(CA "listen: [{url: \"tcp://[::1]80\"}]\n"),
     ":2: listen.url: \"tcp://[::1]80\" has something behind the bracket that is no "
     "port; expected " A_URL},
    {OF(CA "listen: [{url: \"tcp://127.0.0.1:80/x\"}]\n"),
     ":2: listen.url: \"tcp://127.0.0.1:80/x\" has a port that is not a number from 1 to "
     "65535; expected " A_URL},
    {OF(CA "listen: [{mode: rw}]\n"),
     ":2: listen.mode: \"rw\" is not a file mode; expected " A_MODE},
    {OF(CA "listen: [{mode: \"0888\"}]\n"),
     ":2: listen.mode: \"0888\" is not a file mode; expected " A_MODE},
    {OF(CA "listen: [{mode: \"60\"}]\n"),
     ":2: listen.mode: \"60\" is not a file mode; expected " A_MODE},
    {OF(CA "listen: [{mode: \"04660\"}]\n"),
     ":2: listen.mode: \"04660\" is not a file mode; expected " A_MODE},
    {OF(CA "listen: [{mode: \"4660\"}]\n"),
     ":2: listen.mode: \"4660\" is not a file mode; expected " A_MODE},
    {OF(CA "listen: [{mode: \"0060\"}]\n"),
     ":2: listen.mode: \"0060\" shuts out caad's own user; expected " A_MODE},
    {OF(CA "listen: [{mode: [6]}]\n"),
     ":2: listen.mode: a list is not a single value; expected " A_MODE},
    {OF(CA "listen: [{roles: check}]\n"),
     ":2: listen.roles: \"check\" is not a list; expected a list, each item check or "
     "admin, each once"},
    {OF(CA "listen: [{roles: []}]\n"), ":2: listen.roles: the list is empty; expected a "
                                       "list, each item check or admin, each once"},
    {OF(CA "listen: [{roles: [root]}]\n"),
     ":2: listen.roles: \"root\" is not a role; expected check or admin, each once"},
    {OF(CA "listen: [{roles: [check, check]}]\n"),
     ":2: listen.roles: \"check\" is given twice; expected check or admin, each once"},
    {OF(CA "listen: [{roles: [check, admin, check]}]\n"),
     ":2: listen.roles: 3 items; expected at most 2"},
    {OF(CA "listen: [{insecure: 1}]\n"),
     ":2: listen.insecure: \"1\" is neither; expected true or false"},
    /* listen: what does not go together */
    {OF(CA "listen:\n"
           "  - url: tcp://0.0.0.0:8552\n"),
     ":3: listen: plain tcp:// lets in whoever reaches this address; expected "
     "tls+tcp://, a loopback address, or insecure: true beside it"},
    {OF(CA "listen:\n"
           "  - url: \"tcp://[::]:8552\"\n"
           "    insecure: false\n"),
     ":3: listen: plain tcp:// lets in whoever reaches this address; expected "
     "tls+tcp://, a loopback address, or insecure: true beside it"},
    {OF(CA "listen:\n"
           "  - url: tcp://127.0.0.1:8552\n"
           "    mode: \"0660\"\n"),
     ":4: listen: mode does not go with this url; expected it with ipc:// alone"},
    {OF(CA "listen:\n"
           "  - insecure: true\n"),
     ":3: listen: insecure does not go with this url; expected it with tcp:// alone"},
    {OF(CA "listen:\n"
           "  - url: tls+tcp://127.0.0.1:8553\n"),
     ":3: listen: tls+tcp:// without tls; expected tls: {cert: FILE, key: FILE, "
     "client_ca: FILE} beside it"},
    {OF(CA "listen:\n"
           "  - url: tcp://127.0.0.1:8552\n"
           "    tls: {cert: cert.pem, key: key.pem, client_ca: cert.pem}\n"),
     ":4: listen: tls does not go with this url; expected it with tls+tcp:// alone"},
    {OF(CA "listen:\n"
           "  - url: tls+tcp://0.0.0.0:8553\n"
           "    insecure: true\n"
           "    tls: {cert: cert.pem, key: key.pem, client_ca: cert.pem}\n"),
     ":4: listen: insecure does not go with this url; expected it with tcp:// alone"},
    /* listen.tls */
    {OF(CA "listen: [{tls: a}]\n"), ":2: listen.tls: \"a\" is not a mapping; expected a "
                                    "mapping with any of the keys cert, key, client_ca"},
    {OF(CA "listen: [{tls: {}}]\n"),
     ":2: listen.tls.cert: the key is missing; expected a readable PEM file with the "
     "daemon's certificate chain"},
    {OF(CA "listen:\n"
           "  - tls:\n"
           "      cert: cert.pem\n"),
     ":4: listen.tls.key: the key is missing; expected a readable PEM file with the "
     "certificate's private key"},
    {OF(CA "listen:\n"
           "  - tls:\n"
           "      cert: cert.pem\n"
           "      key: key.pem\n"),
     ":4: listen.tls.client_ca: the key is missing; expected a readable PEM file with "
     "the CA certificates of clients"},
    {OF(CA "listen:\n"
           "  - tls:\n"
           "      cert: nowhere.pem\n"),
     ":4: listen.tls.cert: \"nowhere.pem\" cannot be read: No such file or directory; "
     "expected a readable PEM file with the daemon's certificate chain"},
    {OF(CA "listen:\n"
           "  - tls:\n"
           "      cert: .\n"),
     ":4: listen.tls.cert: \".\" is not a regular file; expected a readable PEM file "
     "with the daemon's certificate chain"},
    {OF(CA "listen:\n"
           "  - tls:\n"
           "      cert: key.pem\n"),
     ":4: listen.tls.cert: \"key.pem\" has no PEM block of that kind; expected a "
     "readable PEM file with "
     "the daemon's certificate chain"},
    {OF(CA "listen:\n"
           "  - tls:\n"
           "      cert: cert.pem\n"
           "      key: cert.pem\n"),
     ":5: listen.tls.key: \"cert.pem\" has no PEM block of that kind; expected a "
     "readable PEM file with "
     "the certificate's private key"},
    {OF(CA "listen:\n"
           "  - tls:\n"
           "      cert: cert.pem\n"
           "      key: key.pem\n"
           "      client_ca: empty.pem\n"),
     ":6: listen.tls.client_ca: \"empty.pem\" has no PEM block of that kind; expected a "
     "readable PEM "
     "file with the CA certificates of clients"},
    {OF(CA "listen: [{tls: {ca: a}}]\n"),
     ":2: listen.tls: \"ca\" is not a key here; expected one of: cert, key, client_ca"},
    /* resolver */
    {OF(CA "resolver:\n"), ":2: resolver: the value is missing; expected " A_RESOLVER},
    {OF(CA "resolver: fast\n"),
     ":2: resolver: \"fast\" is not a mapping; expected " A_RESOLVER},
    {OF(CA "resolver: {servers: \"127.0.0.1:53\"}\n"),
     ":2: resolver.servers: \"127.0.0.1:53\" is not a list; expected a list, each "
     "item " A_SERVER},
    {OF(CA "resolver: {servers: []}\n"),
     ":2: resolver.servers: the list is empty; expected a list, each item " A_SERVER},
    {OF(CA "resolver: {servers: [localhost]}\n"),
     ":2: resolver.servers: \"localhost\" is not an IP address; expected " A_SERVER},
    {OF(CA "resolver: {servers: [53]}\n"),
     ":2: resolver.servers: \"53\" is not text unless quoted; expected " A_SERVER},
    {OF(CA "resolver: {servers: [\"127.0.0.1:0\"]}\n"),
     ":2: resolver.servers: \"127.0.0.1:0\" has a port that is not a number from 1 to "
     "65535; expected " A_SERVER},
    {OF(CA "resolver: {servers: [\"127.0.0.1:dns\"]}\n"),
     ":2: resolver.servers: \"127.0.0.1:dns\" has a port that is not a number from 1 to "
     "65535; expected " A_SERVER},
    {OF(CA "resolver: {servers: [\"127.0.0.1:\"]}\n"),
     ":2: resolver.servers: \"127.0.0.1:\" has a port that is not a number from 1 to "
     "65535; expected " A_SERVER},
    {OF(CA "resolver: {servers: [\"[127.0.0.1]:53\"]}\n"),
     ":2: resolver.servers: \"[127.0.0.1]:53\" is not an IP address; expected " A_SERVER},
    {OF(CA "resolver: {servers: [\"[::1\"]}\n"),
     ":2: resolver.servers: \"[::1\" has a bracket that is not closed; "
     "expected " A_SERVER},
    {OF(CA "resolver: {servers: [\"fe80::1%eth0\"]}\n"),
     ":2: resolver.servers: \"fe80::1%eth0\" is not an IP address; expected " A_SERVER},
    {OF(CA "resolver:\n"
           "  servers:\n"
           "    - ::1\n"
           "    - \"[::1]:53\"\n"),
     ":5: resolver.servers: the same as in line 4; expected no two alike"},
    /* resolver.workers */
    {OF(CA "resolver:\n"
           "  workers: many\n"),
     ":3: resolver.workers: \"many\" is not a whole number; expected a whole number from "
     "0 to 256"},
    {OF(CA "resolver:\n"
           "  workers: 257\n"),
     ":3: resolver.workers: \"257\" is out of range; expected a whole number from 0 to "
     "256"},
    {OF(CA "resolver:\n"
           "  workers: -1\n"),
     ":3: resolver.workers: \"-1\" is out of range; expected a whole number from 0 to "
     "256"},
    /* resolver.timeout_ms */
    {OF(CA "resolver:\n"
           "  timeout_ms: many\n"),
     ":3: resolver.timeout_ms: \"many\" is not a whole number; " A_TIMEOUT},
    {OF(CA "resolver:\n"
           "  timeout_ms: 60001\n"),
     ":3: resolver.timeout_ms: \"60001\" is out of range; " A_TIMEOUT},
    {OF(CA "resolver:\n"
           "  timeout_ms: 9\n"),
     ":3: resolver.timeout_ms: \"9\" is out of range; " A_TIMEOUT},
    {OF(CA "resolver:\n"
           "  timeout_ms: \"2000\"\n"),
     ":3: resolver.timeout_ms: \"2000\" is text, as it is quoted; " A_TIMEOUT},
    {OF(CA "resolver:\n"
           "  timeout_ms: 2000ms\n"),
     ":3: resolver.timeout_ms: \"2000ms\" is not a whole number; " A_TIMEOUT},
    {OF(CA "resolver:\n"
           "  timeout_ms: 0x7d0\n"),
     ":3: resolver.timeout_ms: \"0x7d0\" is not a whole number; " A_TIMEOUT},
    {OF(CA "resolver:\n"
           "  timeout_ms: 02000\n"),
     ":3: resolver.timeout_ms: \"02000\" has a leading zero; " A_TIMEOUT},
    {OF(CA "resolver:\n"
           "  timeout_ms: 1.5\n"),
     ":3: resolver.timeout_ms: \"1.5\" is not a whole number; " A_TIMEOUT},
    {OF(CA "resolver:\n"
           "  timeout_ms: \n"),
     ":3: resolver.timeout_ms: the value is missing; " A_TIMEOUT},
    {OF(CA "resolver:\n"
           "  timeout_ms: [1]\n"),
     ":3: resolver.timeout_ms: a list is not a number; " A_TIMEOUT},
    {OF(CA "resolver:\n"
           "  timeout_ms: {}\n"),
     ":3: resolver.timeout_ms: a mapping is not a number; " A_TIMEOUT},
    {OF(CA "resolver:\n"
           "  timeout_ms: 99999999999999999999999\n"),
     ":3: resolver.timeout_ms: \"99999999999999999999999\" is out of range; " A_TIMEOUT},
    {OF(CA "resolver:\n"
           "  timeout_ms: -1\n"),
     ":3: resolver.timeout_ms: \"-1\" is out of range; " A_TIMEOUT},
    {OF(CA "resolver:\n"
           "  timeout_ms: -\n"),
     ":3: not YAML: block sequence entries are not allowed in this context" NO_YAML},
    {OF(CA "resolver:\n"
           "  timeout_ms: +5\n"),
     ":3: resolver.timeout_ms: \"+5\" is not a whole number; " A_TIMEOUT},
    {OF(CA "resolver:\n"
           "  timeout_ms: \"2000 \"\n"),
     ":3: resolver.timeout_ms: \"2000 \" is text, as it is quoted; " A_TIMEOUT},
    {OF(CA "resolver:\n"
           "  timeout_ms: true\n"),
     ":3: resolver.timeout_ms: \"true\" is not a whole number; " A_TIMEOUT},
    /* resolver.attempts */
    {OF(CA "resolver:\n"
           "  attempts: many\n"),
     ":3: resolver.attempts: \"many\" is not a whole number; expected a whole number "
     "from 1 to 10"},
    {OF(CA "resolver:\n"
           "  attempts: 11\n"),
     ":3: resolver.attempts: \"11\" is out of range; expected a whole number from 1 to "
     "10"},
    {OF(CA "resolver:\n"
           "  attempts: 0\n"),
     ":3: resolver.attempts: \"0\" is out of range; expected a whole number from 1 to "
     "10"},
    /* cache.max_entries */
    {OF(CA "cache:\n"
           "  max_entries: many\n"),
     ":3: cache.max_entries: \"many\" is not a whole number; expected a whole number "
     "from 0 to 100000000"},
    {OF(CA "cache:\n"
           "  max_entries: 100000001\n"),
     ":3: cache.max_entries: \"100000001\" is out of range; expected a whole number from "
     "0 to 100000000"},
    {OF(CA "cache:\n"
           "  max_entries: -1\n"),
     ":3: cache.max_entries: \"-1\" is out of range; expected a whole number from 0 to "
     "100000000"},
    /* cache.max_ttl_s */
    {OF(CA "cache:\n"
           "  max_ttl_s: many\n"),
     ":3: cache.max_ttl_s: \"many\" is not a whole number; expected a whole number from "
     "0 to 604800"},
    {OF(CA "cache:\n"
           "  max_ttl_s: 604801\n"),
     ":3: cache.max_ttl_s: \"604801\" is out of range; expected a whole number from 0 to "
     "604800"},
    {OF(CA "cache:\n"
           "  max_ttl_s: -1\n"),
     ":3: cache.max_ttl_s: \"-1\" is out of range; expected a whole number from 0 to "
     "604800"},
    /* audit.keep_days */
    {OF(CA "audit:\n"
           "  keep_days: many\n"),
     ":3: audit.keep_days: \"many\" is not a whole number; expected a whole number from "
     "0 to 36500"},
    {OF(CA "audit:\n"
           "  keep_days: 36501\n"),
     ":3: audit.keep_days: \"36501\" is out of range; expected a whole number from 0 to "
     "36500"},
    {OF(CA "audit:\n"
           "  keep_days: -1\n"),
     ":3: audit.keep_days: \"-1\" is out of range; expected a whole number from 0 to "
     "36500"},
    /* limits.max_message_bytes */
    {OF(CA "limits:\n"
           "  max_message_bytes: many\n"),
     ":3: limits.max_message_bytes: \"many\" is not a whole number; expected a whole "
     "number from 4096 to 67108864"},
    {OF(CA "limits:\n"
           "  max_message_bytes: 67108865\n"),
     ":3: limits.max_message_bytes: \"67108865\" is out of range; expected a whole "
     "number from 4096 to 67108864"},
    {OF(CA "limits:\n"
           "  max_message_bytes: 4095\n"),
     ":3: limits.max_message_bytes: \"4095\" is out of range; expected a whole number "
     "from 4096 to 67108864"},
    /* limits.max_names */
    {OF(CA "limits:\n"
           "  max_names: many\n"),
     ":3: limits.max_names: \"many\" is not a whole number; expected a whole number from "
     "1 to 100000"},
    {OF(CA "limits:\n"
           "  max_names: 100001\n"),
     ":3: limits.max_names: \"100001\" is out of range; expected a whole number from 1 "
     "to 100000"},
    {OF(CA "limits:\n"
           "  max_names: 0\n"),
     ":3: limits.max_names: \"0\" is out of range; expected a whole number from 1 to "
     "100000"},
    /* limits.max_in_flight */
    {OF(CA "limits:\n"
           "  max_in_flight: many\n"),
     ":3: limits.max_in_flight: \"many\" is not a whole number; expected a whole number "
     "from 1 to 1000000"},
    {OF(CA "limits:\n"
           "  max_in_flight: 1000001\n"),
     ":3: limits.max_in_flight: \"1000001\" is out of range; expected a whole number "
     "from 1 to 1000000"},
    {OF(CA "limits:\n"
           "  max_in_flight: 0\n"),
     ":3: limits.max_in_flight: \"0\" is out of range; expected a whole number from 1 to "
     "1000000"},
    /* limits.max_connections */
    {OF(CA "limits:\n"
           "  max_connections: many\n"),
     ":3: limits.max_connections: \"many\" is not a whole number; expected a whole "
     "number from 1 to 1000000"},
    {OF(CA "limits:\n"
           "  max_connections: 1000001\n"),
     ":3: limits.max_connections: \"1000001\" is out of range; expected a whole number "
     "from 1 to 1000000"},
    {OF(CA "limits:\n"
           "  max_connections: 0\n"),
     ":3: limits.max_connections: \"0\" is out of range; expected a whole number from 1 "
     "to 1000000"},
    /* limits.max_request_memory_bytes */
    {OF(CA "limits:\n"
           "  max_request_memory_bytes: many\n"),
     ":3: limits.max_request_memory_bytes: \"many\" is not a whole number; expected a "
     "whole number from 1048576 to 1073741824"},
    {OF(CA "limits:\n"
           "  max_request_memory_bytes: 1073741825\n"),
     ":3: limits.max_request_memory_bytes: \"1073741825\" is out of range; expected a "
     "whole number from 1048576 to 1073741824"},
    {OF(CA "limits:\n"
           "  max_request_memory_bytes: 1048575\n"),
     ":3: limits.max_request_memory_bytes: \"1048575\" is out of range; expected a whole "
     "number from 1048576 to 1073741824"},
    /* resolver.require_dnssec */
    {OF(CA "resolver:\n"
           "  require_dnssec: maybe\n"),
     ":3: resolver.require_dnssec: \"maybe\" is neither; expected true or false"},
    {OF(CA "resolver:\n"
           "  require_dnssec: yes\n"),
     ":3: resolver.require_dnssec: \"yes\" is neither; expected true or false"},
    {OF(CA "resolver:\n"
           "  require_dnssec: 1\n"),
     ":3: resolver.require_dnssec: \"1\" is neither; expected true or false"},
    {OF(CA "resolver:\n"
           "  require_dnssec: \"true\"\n"),
     ":3: resolver.require_dnssec: \"true\" is neither; expected true or false"},
    {OF(CA "resolver:\n"
           "  require_dnssec: [true]\n"),
     ":3: resolver.require_dnssec: a list is neither; expected true or false"},
    {OF(CA "resolver:\n"
           "  require_dnssec: \n"),
     ":3: resolver.require_dnssec: the value is missing; expected true or false"},
    /* products */
    {OF(CA "products: []\n"),
     ":2: products: the list is empty; expected a list, each item " A_PRODUCT},
    {OF(CA "products: DV\n"),
     ":2: products: \"DV\" is not a list; expected a list, each item " A_PRODUCT},
    {OF(CA "products: [DV]\n"),
     ":2: products: \"DV\" is not a mapping; expected " A_PRODUCT},
    {OF(CA "products: [{}]\n"),
     ":2: products.name: the key is missing; expected text of at most 64 octets"},
    {OF(CA "products: [{certificate: tls}]\n"),
     ":2: products.name: the key is missing; expected text of at most 64 octets"},
    {OF(CA "products: [{name: A, nmae: B}]\n"),
     ":2: products: \"nmae\" is not a key here (did you mean name?); expected one of: "
     "name, certificate, caa, issuer_domain_names"},
    {OF(CA "products: [{name: 5}]\n"), ":2: products.name: \"5\" is not text unless "
                                       "quoted; expected text of at most 64 octets"},
    {OF(CA "products: [{name: \"\"}]\n"),
     ":2: products.name: the value is missing; expected text of at most 64 octets"},
    {OF(CA "products: [{name: "
           "\"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\"}]\n"),
     ":2: products.name: "
     "\"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\" is too long; "
     "expected text of at most 64 octets"},
    {OF(CA "products:\n"
           "  - name: A\n"
           "  - name: B\n"
           "  - name: A\n"),
     ":5: products: the same as in line 3; expected no two alike"},
    {OF(CA "products: [{name: A, certificate: ssl}]\n"),
     ":2: products.certificate: \"ssl\" is none of them; expected tls, smime or vmc"},
    {OF(CA "products: [{name: A, caa: no}]\n"),
     ":2: products.caa: \"no\" is not text unless quoted; expected check or exempt"},
    {OF(CA "products: [{name: A, caa: skip}]\n"),
     ":2: products.caa: \"skip\" is neither; expected check or exempt"},
    {OF(CA "products: [{name: A, issuer_domain_names: []}]\n"),
     ":2: products.issuer_domain_names: the list is empty; expected a list, each "
     "item " A_DOMAIN},
    {OF(CA "products: [{name: A, issuer_domain_names: [b c]}]\n"),
     ":2: products.issuer_domain_names: \"b c\" is not a domain name; "
     "expected " A_DOMAIN},
    {OF(CA "products: [{name: A, issuer_domain_names: [b.c, B.C]}]\n"),
     ":2: products.issuer_domain_names: the same as in line 2; expected no two alike"},
    /* audit.store */
    {OF(CA "audit: {store: 5}\n"),
     ":2: audit.store: the value is not text unless quoted; expected " A_STORE},
    {OF(CA "audit: {store: off}\n"),
     ":2: audit.store: the value is not text unless quoted; expected " A_STORE},
    {OF(CA "audit: {store: /var/lib/caad/audit.db}\n"),
     ":2: audit.store: the value is not a store; expected " A_STORE},
    {OF(CA "audit: {store: \"sqlite:\"}\n"),
     ":2: audit.store: the value names no file; expected " A_STORE},
    {OF(CA "audit: {store: \"sqlite:/var/lib/caad/\"}\n"),
     ":2: audit.store: the value names no file; expected " A_STORE},
    {OF(CA "audit: {store: \"postgres://db/caad\"}\n"),
     ":2: audit.store: the value is not a store; expected " A_STORE},
    {OF(CA "audit:\n"
           "  store: \"postgresql://u:hidden pass@db/caad\"\n"),
     ":3: audit.store: the value has a character no URL has; expected " A_STORE},
    {OF(CA "audit:\n"
           "  store: \"postgresql://u:hid/d@n@db/caad\"\n"),
     ":3: audit.store: the value has an @ that must be written as %40; "
     "expected " A_STORE},
    {OF(CA "audit: \"postgresql://u:hidden@db/caad\"\n"),
     ":2: audit: a URL with \"@\" is not a mapping; expected a mapping with any of the "
     "keys store, keep_days"},
    {OF(CA "audit: {stoer: none}\n"), ":2: audit: \"stoer\" is not a key here (did you "
                                      "mean store?); expected one of: store, keep_days"},
    /* metrics.listen */
    {OF(CA "metrics: {listen: \"127.0.0.1:9553\"}\n"),
     ":2: metrics.listen: \"127.0.0.1:9553\" is not an http:// URL; expected "
     "http://ADDRESS:PORT or none"},
    {OF(CA "metrics: {listen: \"https://127.0.0.1:9553\"}\n"),
     ":2: metrics.listen: \"https://127.0.0.1:9553\" is not an http:// URL; expected "
     "http://ADDRESS:PORT or none"},
    {OF(CA "metrics: {listen: \"http://127.0.0.1\"}\n"),
     ":2: metrics.listen: \"http://127.0.0.1\" has no port; expected http://ADDRESS:PORT "
     "or none"},
    {OF(CA "metrics: {listen: \"http://127.0.0.1:9553/metrics\"}\n"),
     ":2: metrics.listen: \"http://127.0.0.1:9553/metrics\" has a port that is not a "
     "number from 1 to 65535; expected http://ADDRESS:PORT or none"},
    {OF(CA "metrics: {listen: off}\n"), ":2: metrics.listen: \"off\" is not text unless "
                                        "quoted; expected http://ADDRESS:PORT or none"},
    {OF(CA "metrics: none\n"), ":2: metrics: \"none\" is not a mapping; expected a "
                               "mapping with any of the keys listen"},
    /* limits: what does not go together */
    {OF(CA "limits:\n"
           "  max_message_bytes: 2097152\n"
           "  max_request_memory_bytes: 1048576\n"),
     ":3: limits: max_request_memory_bytes is less than max_message_bytes; expected room "
     "for a whole message, 2097152 at least"},
    /* log */
    {OF(CA "log: {level: warn}\n"),
     ":2: log.level: \"warn\" is not a level; expected debug, info, warning or error"},
    {OF(CA "log: {level: 3}\n"), ":2: log.level: \"3\" is not text unless quoted; "
                                 "expected debug, info, warning or error"},
    {OF(CA "log: {format: xml}\n"),
     ":2: log.format: \"xml\" is not a format; expected json or text"},
    {OF(CA "log: {level: [info]}\n"), ":2: log.level: a list is not a single value; "
                                      "expected debug, info, warning or error"},
    {OF(CA "log: info\n"), ":2: log: \"info\" is not a mapping; expected a mapping with "
                           "any of the keys level, format"},
};

#endif
