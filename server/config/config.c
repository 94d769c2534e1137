#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/reader.h"
#include "config/refuse.h"

enum { FILE_MAX = 1024 * 1024, ARENA_MAX = 16 * 1024 * 1024 };

static enum caa_err fail(struct config_reader *reader, enum caa_err err, const char *what)
{
    (void)config_refuse(reader, 1, "%s; expected a readable YAML file of at most 1 MiB",
                        what);
    return reader->err = err;
}

/* --- the file --- */

static enum caa_err read_all(struct config_reader *reader, int fd, char *content,
                             size_t *len)
{
    *len = 0;
    while (*len <= FILE_MAX) {
        ssize_t got = read(fd, content + *len, FILE_MAX + 1 - *len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(reader, CAA_EIO, strerror(errno));
        if (got == 0)
            return CAA_OK;
        *len += (size_t)got;
    }
    return fail(reader, CAA_EINVAL, "the file is too large");
}

/* *content is for the caller to free. */
static enum caa_err read_file(struct config_reader *reader, const char *path,
                              char **content, size_t *len)
{
    /* Of a FIFO or terminal, open alone could wait for ever. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fail(reader, CAA_EIO, strerror(errno));
    struct stat info;
    enum caa_err err = CAA_OK;
    char *buffer = NULL;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        err = fail(reader, CAA_EIO, "not a regular file");
    else if (!(buffer = malloc(FILE_MAX + 1)))
        err = fail(reader, CAA_ENOMEM, "out of memory");
    else
        err = read_all(reader, fd, buffer, len);
    close(fd);
    if (err)
        free(buffer);
    else
        *content = buffer;
    return err;
}

/* Where relative paths start; absolute, as caad may be told a relative path and
 * reload it later. */
static enum caa_err find_directory(struct config_reader *reader, const char *path)
{
    char copy[PATH_MAX], resolved[PATH_MAX];
    if (strlen(path) >= sizeof copy)
        return fail(reader, CAA_EIO, strerror(ENAMETOOLONG));
    strcpy(copy, path);
    if (!realpath(dirname(copy), resolved))
        return fail(reader, CAA_EIO, strerror(errno));
    reader->directory = arena_strdup(reader->arena, resolved);
    return reader->directory ? CAA_OK : fail(reader, CAA_ENOMEM, "out of memory");
}

/* --- the document --- */

static size_t line_at(const char *content, size_t offset)
{
    size_t line = 1;
    for (size_t i = 0; i < offset; i++)
        line += content[i] == '\n';
    return line;
}

static enum caa_err refuse_syntax(struct config_reader *reader,
                                  const yaml_parser_t *parser, const char *content)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return fail(reader, CAA_ENOMEM, "out of memory");
    /* The parser's reader counts octets, the rest of it lines. */
    if (parser->error == YAML_READER_ERROR)
        config_refuse(reader, line_at(content, parser->problem_offset),
                      "not text: %s; expected UTF-8 without control characters",
                      parser->problem);
    else
        config_refuse(reader, parser->problem_mark.line + 1,
                      "not YAML: %s; expected \"key: value\" lines as in caad.conf(5)",
                      parser->problem);
    return reader->err;
}

static enum caa_err read_document(struct config_reader *reader,
                                  struct caad_config *config)
{
    const yaml_node_t *root = yaml_document_get_root_node(reader->document);
    if (!root)
        config_refuse(reader, 1,
                      "the file is empty; expected at least "
                      "issuer_domain_names: [DOMAIN]");
    else
        (void)config_read(reader, root, &CONFIG_SCHEMA, config);
    return reader->err;
}

/* A second document would be configuration that has no effect. */
static enum caa_err refuse_more(struct config_reader *reader, yaml_parser_t *parser,
                                const char *content)
{
    yaml_document_t more;
    if (!yaml_parser_load(parser, &more))
        return refuse_syntax(reader, parser, content);
    if (yaml_document_get_root_node(&more))
        config_refuse(reader, more.start_mark.line + 1,
                      "a second document begins; expected one in the file");
    yaml_document_delete(&more);
    return reader->err;
}

static enum caa_err parse(struct config_reader *reader, const char *content, size_t len,
                          struct caad_config *config)
{
    static const char mark[] = "\xef\xbb\xbf";
    yaml_parser_t parser;
    yaml_document_t document;
    if (!yaml_parser_initialize(&parser))
        return fail(reader, CAA_ENOMEM, "out of memory");
    /* Given, so that no byte order mark makes it UTF-16; then the parser has to
     * be spared UTF-8's own mark too. */
    if (len >= sizeof mark - 1 && memcmp(content, mark, sizeof mark - 1) == 0) {
        content += sizeof mark - 1;
        len -= sizeof mark - 1;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)content, len);
    enum caa_err err;
    if (!yaml_parser_load(&parser, &document)) {
        err = refuse_syntax(reader, &parser, content);
    } else {
        reader->document = &document;
        err = read_document(reader, config);
        yaml_document_delete(&document);
        reader->document = NULL;
        if (!err)
            err = refuse_more(reader, &parser, content);
    }
    yaml_parser_delete(&parser);
    return err;
}

/* --- public --- */

enum caa_err caad_config_load(const char *path, struct caad_config **out,
                              struct config_error *error)
{
    *error = (struct config_error){.line = 1};
    struct arena *arena = arena_create(ARENA_MAX);
    struct config_reader reader = {.file = path, .arena = arena, .error = error};
    struct caad_config *config = arena ? arena_alloc(arena, sizeof *config) : NULL;
    char *content = NULL;
    size_t len = 0;
    enum caa_err err = config ? CAA_OK : fail(&reader, CAA_ENOMEM, "out of memory");
    if (!err)
        err = read_file(&reader, path, &content, &len);
    if (!err)
        err = find_directory(&reader, path);
    if (!err)
        err = parse(&reader, content, len, config);
    free(content);
    if (err) {
        arena_destroy(arena);
        return err;
    }
    config->arena = arena;
    *out = config;
    return CAA_OK;
}

void caad_config_destroy(struct caad_config *config)
{
    if (config)
        arena_destroy(config->arena);
}

const struct caad_product *caad_config_product(const struct caad_config *config,
                                               const char *name)
{
    if (!name || name[0] == '\0')
        return &config->products[0];
    for (size_t i = 0; i < config->product_count; i++)
        if (strcmp(config->products[i].name, name) == 0)
            return &config->products[i];
    return NULL;
}

const struct caad_names *caad_config_issuers(const struct caad_config *config,
                                             const struct caad_product *product)
{
    return product->issuer_domain_names.count ? &product->issuer_domain_names
                                              : &config->issuer_domain_names;
}
