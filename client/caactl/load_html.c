/* load_html.c - a run as one page: no script, nothing from elsewhere. */
#include "load_chart.h"
#include "load_report.h"

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1b1f24;--soft:#667080;--rule:#d8dde3;"
    "--back:#fff;--area:#f6f8fa;--line:#0b6bcb;--bad:#c62828}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#98a2ae;"
    "--rule:#333a43;--back:#14181d;--area:#1b2027;--line:#5fb0ff;--bad:#ff7b72}}\n"
    "body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);"
    "max-width:820px;margin:2em auto;padding:0 1em}\n"
    "h1{font-size:1.4em;margin:0}h2{font-size:1.05em;margin:2em 0 .4em}\n"
    "p{color:var(--soft);margin:.2em 0}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(120px,1fr));"
    "gap:8px;margin-top:1.2em}\n"
    ".tiles div{background:var(--area);border-radius:6px;padding:.5em .8em}\n"
    ".tiles b{display:block;font-size:1.25em;font-variant-numeric:tabular-nums}\n"
    ".tiles span{color:var(--soft);font-size:.85em}\n"
    "table{border-collapse:collapse;min-width:50%}\n"
    "td,th{text-align:left;padding:.25em 1.2em .25em 0;border-bottom:1px solid "
    "var(--rule);font-variant-numeric:tabular-nums}\n"
    "td.n{text-align:right}\n"
    "svg{width:100%;height:auto;display:block}svg .area{fill:var(--area)}\n"
    "svg .grid{stroke:var(--rule);fill:none}svg .line{stroke:var(--line);"
    "stroke-width:2;fill:none;stroke-linejoin:round}\n"
    "svg .bad{stroke:var(--bad)}svg .bar{fill:var(--line)}\n"
    "svg text{font-size:11px;fill:var(--soft)}svg .x{text-anchor:middle}"
    "svg .y{text-anchor:end}\n";

static void put_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
        }
}

static void put_head(FILE *out, const struct load_result *result)
{
    const struct load_plan *plan = &result->plan;
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Load test of ",
          out);
    put_text(out, result->method);
    fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", style);
    put_text(out, result->method);
    fputs("</h1>\n<p>", out);
    put_text(out, result->server);
    if (plan->rate > 0)
        fprintf(out,
                "; open loop at %g/s, timed from when each was due, at most %u in flight",
                plan->rate, plan->in_flight_max);
    else
        fprintf(out, "; closed loop, %u in flight", plan->in_flight_max);
    fprintf(out, ", %u connection%s, %u name%s a request, %.3f s%s</p>\n",
            result->connections, result->connections == 1 ? "" : "s", result->batch,
            result->batch == 1 ? "" : "s", result->seconds,
            result->interrupted ? ", interrupted" : "");
}

static void put_tiles(FILE *out, const struct load_result *result)
{
    fputs("<div class=\"tiles\">\n", out);
    for (int i = 0; i < LOAD_METRIC_COUNT; i++) {
        const struct load_metric_spec *spec = &load_metric_specs[i];
        char text[LOAD_VALUE_SIZE];
        if (spec->unit == LOAD_NAMES && result->metrics.values[i] <= 0)
            continue;
        fprintf(out, "<div title=\"%s\"><b>%s</b><span>%s</span></div>\n", spec->text,
                load_metric_text(spec->unit, result->metrics.values[i], text),
                spec->name);
    }
    fputs("</div>\n", out);
}

static void put_row(FILE *out, const char *name, uint64_t count, double whole,
                    const char *sample)
{
    if (count == 0)
        return;
    fprintf(out, "<tr><td>%s</td><td class=\"n\">%llu</td><td class=\"n\">%.2f %%</td>",
            name, (unsigned long long)count,
            whole > 0 ? 100.0 * (double)count / whole : 0);
    fputs("<td>", out);
    put_text(out, sample);
    fputs("</td></tr>\n", out);
}

static void put_tables(FILE *out, const struct load_result *result)
{
    const struct load_tally *tally = result->tally;
    fputs("<h2>Status</h2>\n<table>\n", out);
    for (unsigned i = 0; i < LOAD_STATUSES; i++)
        put_row(out, caa_client_code_name((enum caa_client_code)i), tally->statuses[i],
                (double)load_tally_calls(tally), tally->samples[i]);
    fputs("</table>\n", out);
    if (tally->names == 0)
        return;
    fputs("<h2>Verdicts</h2>\n<table>\n", out);
    for (unsigned i = 0; i < LOAD_VERDICTS; i++)
        put_row(out, load_verdict_name(i), tally->verdicts[i], (double)tally->names, "");
    fputs("</table>\n", out);
}

void load_report_html(FILE *out, const struct load_result *result)
{
    const struct load_histogram *latency = &result->tally->latency;
    put_head(out, result);
    put_tiles(out, result);
    if (latency->total > 0) {
        fputs("<h2>Time to the answer by percentile</h2>\n", out);
        load_chart_percentiles(out, latency);
    }
    fputs("<h2>Answers a second over time</h2>\n", out);
    load_chart_rate(out, &result->tally->series, result->seconds);
    if (latency->total > 0) {
        fputs("<h2>Calls by time to the answer</h2>\n", out);
        load_chart_histogram(out, latency);
    }
    put_tables(out, result);
    fputs("</body>\n</html>\n", out);
}
