/* caactl completion SHELL - what bash, zsh and fish need to complete a command
 * line, from the tables of verbs and options alone. */
#include <stdio.h>
#include <string.h>

#include "output.h"
#include "verb.h"

/* Words a value can be; anything else that takes a value is free text or a file. */
static const struct {
    enum option_id id;
    const char *words;
} choices[] = {
    {OPT_EVENT, "order reissue renewal add_san"},
    {OPT_DECISION, "permitted denied lookup_failed"},
    {OPT_VERDICT, "permitted denied lookup_failed exempt invalid_name"},
    {OPT_REPORT, "csv json"},
    {OPT_FORMAT, "summary json csv html"},
    {OPT_PROGRESS, "none text json"},
};

/* NULL: any. */
static const char *words_of(enum option_id id)
{
    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
        if (choices[i].id == id)
            return choices[i].words;
    return NULL;
}

static bool is_file(const char *value)
{
    return strstr(value, "FILE") != NULL || strstr(value, ".json") != NULL;
}

/* Text within single quotes, with a backslash before each of special. */
static void put_quoted(const char *text, const char *quote, const char *special)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs(quote, stdout);
        else if (strchr(special, *text) != NULL)
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

/* Options that a verb takes, or with NULL those that all take: id by id. */
static bool belongs(const struct verb *verb, enum option_id id)
{
    return verb == NULL ? option_specs[id].global : verb_takes(verb, id);
}

#define EACH_OPTION(verb, id)                                                            \
    for (enum option_id id = 0; id < OPT_COUNT; id++)                                    \
        if (belongs(verb, id))

/* ----------------------------------------------------------------------- bash */

static void bash_names(const struct verb *verb)
{
    EACH_OPTION(verb, id)
    {
        const struct option_spec *spec = &option_specs[id];
        printf("--%s ", spec->name);
        if (spec->letter != 0)
            printf("-%c ", spec->letter);
    }
}

static void bash_pattern(const struct option_spec *spec)
{
    printf("        --%s", spec->name);
    if (spec->letter != 0)
        printf("|-%c", spec->letter);
    putchar(')');
}

/* What may follow an option: case branches for the word before the cursor. */
static void bash_values(const struct verb *verb)
{
    EACH_OPTION(verb, id)
    {
        const struct option_spec *spec = &option_specs[id];
        if (spec->value == NULL)
            continue;
        bash_pattern(spec);
        if (words_of(id) != NULL)
            printf(" words='%s';;\n", words_of(id));
        else
            printf(" %s;;\n", is_file(spec->value) ? "files=1" : "return");
    }
}

static void bash_verb(const struct verb *verb)
{
    printf("    %s)\n        options+='", verb->name);
    bash_names(verb);
    printf("'\n");
    if (is_file(verb->synopsis))
        printf("        files=1\n");
    if (verb->options[0] != OPT_END) {
        printf("        case $before in\n");
        bash_values(verb);
        printf("        esac\n");
    }
    printf("        ;;\n");
}

static void print_bash(const struct verb *verbs)
{
    printf(
        "# bash completion for caactl; made by caactl completion bash.\n"
        "_caactl()\n{\n"
        "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
        "    local verb= words= files= options= word\n"
        "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
        "        case $word in\n        ");
    for (const struct verb *verb = verbs; verb->name != NULL; verb++)
        printf("%s%s", verb != verbs ? "|" : "", verb->name);
    printf(") verb=$word; break;;\n        esac\n    done\n    options='");
    bash_names(NULL);
    printf("'\n    case $verb in\n    '') words='");
    for (const struct verb *verb = verbs; verb->name != NULL; verb++)
        printf("%s%s", verb != verbs ? " " : "", verb->name);
    printf("';;\n");
    for (const struct verb *verb = verbs; verb->name != NULL; verb++)
        bash_verb(verb);
    printf("    esac\n    case $before in\n");
    bash_values(NULL);
    printf("    esac\n"
           "    [[ $current == -* ]] && words=$options files=\n"
           "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
           "    if [[ $files ]]; then\n"
           "        compopt -o filenames 2>/dev/null\n"
           "        COMPREPLY+=($(compgen -f -- \"$current\"))\n"
           "    fi\n}\n"
           "complete -F _caactl caactl\n");
}

/* ------------------------------------------------------------------------ zsh */

static void zsh_help(const struct option_spec *spec)
{
    putchar('[');
    put_quoted(spec->help, "'\\''", "[]:\\");
    putchar(']');
}

static void zsh_option(enum option_id id)
{
    const struct option_spec *spec = &option_specs[id];
    const char *star = spec->repeat ? "*" : "";
    /* Both forms exclude each other unless the option can be repeated. */
    if (spec->letter != 0 && !spec->repeat)
        printf("'(-%c --%s)'", spec->letter, spec->name);
    if (spec->letter != 0)
        printf("%s{-%c,--%s}'", spec->repeat ? "'*'" : "", spec->letter, spec->name);
    else
        printf("'%s--%s", star, spec->name);
    zsh_help(spec);
    if (spec->value != NULL) {
        printf(":%s:", spec->value);
        if (words_of(id) != NULL)
            printf("(%s)", words_of(id));
        else if (is_file(spec->value))
            printf("_files");
    }
    printf("' ");
}

static void zsh_verb(const struct verb *verb)
{
    printf("    %s)\n        _arguments $globals ", verb->name);
    EACH_OPTION(verb, id)
    zsh_option(id);
    printf("'*:argument:%s'\n        ;;\n", is_file(verb->synopsis) ? "_files" : "");
}

static void print_zsh(const struct verb *verbs)
{
    printf(
        "#compdef caactl\n# zsh completion for caactl; made by caactl completion zsh.\n"
        "_caactl()\n{\n    local state line curcontext=$curcontext\n"
        "    local -a globals verbs\n    globals=(");
    EACH_OPTION(NULL, id)
    zsh_option(id);
    printf(")\n    verbs=(");
    for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
        printf("'%s:", verb->name);
        put_quoted(verb->help, "'\\''", ":\\");
        printf("' ");
    }
    printf(")\n    _arguments -C $globals '1: :->verb' '*:: :->rest' && return\n"
           "    case $state in\n    verb) _describe -t verbs verb verbs; return;;\n"
           "    esac\n    case $words[1] in\n");
    for (const struct verb *verb = verbs; verb->name != NULL; verb++)
        zsh_verb(verb);
    printf("    esac\n}\n"
           "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n"
           "    _caactl \"$@\"\nelse\n    compdef _caactl caactl\nfi\n");
}

/* ----------------------------------------------------------------------- fish */

static void fish_option(const struct verb *verb, enum option_id id)
{
    const struct option_spec *spec = &option_specs[id];
    printf("complete -c caactl");
    if (verb != NULL)
        printf(" -n '__fish_seen_subcommand_from %s'", verb->name);
    if (spec->letter != 0)
        printf(" -s %c", spec->letter);
    printf(" -l %s", spec->name);
    if (words_of(id) != NULL)
        printf(" -x -a '%s'", words_of(id));
    else if (spec->value != NULL)
        printf(is_file(spec->value) ? " -r -F" : " -x");
    printf(" -d '");
    put_quoted(spec->help, "\\'", "\\");
    printf("'\n");
}

static void fish_verb(const struct verb *verb)
{
    printf("complete -c caactl -n __fish_use_subcommand -a %s -d '", verb->name);
    put_quoted(verb->help, "\\'", "\\");
    printf("'\n");
    if (is_file(verb->synopsis))
        printf("complete -c caactl -n '__fish_seen_subcommand_from %s' -F\n", verb->name);
    EACH_OPTION(verb, id)
    fish_option(verb, id);
}

static void print_fish(const struct verb *verbs)
{
    printf("# fish completion for caactl; made by caactl completion fish.\n"
           "complete -c caactl -f\n");
    EACH_OPTION(NULL, id)
    fish_option(NULL, id);
    for (const struct verb *verb = verbs; verb->name != NULL; verb++)
        fish_verb(verb);
}

int verb_completion(struct cli *cli)
{
    static const struct {
        const char *name;
        void (*print)(const struct verb *verbs);
    } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    const char *shell =
        cli->arguments->operands_len == 1 ? cli->arguments->operands[0] : "";
    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
        if (strcmp(shells[i].name, shell) != 0)
            continue;
        shells[i].print(cli->verbs);
        return 0;
    }
    usage("completion takes one shell: bash, zsh or fish");
    return EXIT_USAGE;
}
