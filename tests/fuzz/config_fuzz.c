/* Any octets as a configuration file: a configuration in which everything is
 * set, or one line of printable text that says where and what. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

static void check_error(const char *path, const struct config_error *error)
{
    const char *text = error->text;
    require(error->line >= 1);
    require(strncmp(text, path, strlen(path)) == 0);
    require(strlen(text) < sizeof error->text);
    for (; *text; text++)
        require(*text >= ' ' && *text <= '~');
    require(strstr(error->text, "expected ") != NULL);
}

static void check_config(const struct caad_config *config)
{
    require(config->issuer_domain_names.count > 0);
    for (size_t i = 0; i < config->issuer_domain_names.count; i++)
        require(strlen(config->issuer_domain_names.names[i]) <= 253);
    require(config->instance[0] != '\0' && config->perspective[0] != '\0');
    require(config->listener_count > 0);
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct caad_listener *l = &config->listeners[i];
        require(l->roles >= 1 && l->roles <= 3);
        require(l->transport != CAAD_TRANSPORT_TCP || l->loopback || l->insecure);
        require(l->transport != CAAD_TRANSPORT_TLS || (l->tls.cert && l->tls.client_ca));
        require(l->transport != CAAD_TRANSPORT_IPC || strlen(l->ipc_path) <= 107);
    }
    require(config->resolver.server_count > 0 && config->resolver.attempts > 0);
    require(config->product_count > 0);
    for (size_t i = 0; i < config->product_count; i++) {
        require(caad_config_product(config, config->products[i].name) ==
                &config->products[i]);
        require(caad_config_issuers(config, &config->products[i])->count > 0);
    }
    require(config->audit.store && config->audit.shown);
    require(config->limits.max_request_memory_bytes >= config->limits.max_message_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct caad_config *config;
    struct config_error error;
    int fd = memfd_create("caad.yaml", MFD_CLOEXEC);
    require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (caad_config_load(path, &config, &error)) {
        check_error(path, &error);
    } else {
        check_config(config);
        caad_config_destroy(config);
    }
    close(fd);
    return 0;
}
