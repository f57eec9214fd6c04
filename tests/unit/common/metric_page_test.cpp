#include "common/metric_page.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

using common::MetricPage;

namespace {

bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

double value_of(const std::string& text, const std::string& name) {
    const std::size_t at = text.find("\n" + name + " ");
    REQUIRE(at != std::string::npos);
    return std::strtod(text.c_str() + at + name.size() + 2, nullptr);
}

}  // namespace

TEST_CASE("A page without samples is empty") {
    CHECK(MetricPage().text().empty());
}

TEST_CASE("Samples of one name stand together under one help and one type") {
    MetricPage page;
    page.gauge("a", "First.", 1, {{"room", "x"}});
    page.counter("b_total", "Second.", 2);
    page.gauge("a", "Told later.", 3, {{"room", "y"}});

    CHECK(page.text() ==
          "# HELP a First.\n# TYPE a gauge\na{room=\"x\"} 1\na{room=\"y\"} 3\n"
          "# HELP b_total Second.\n# TYPE b_total counter\nb_total 2\n");
}

TEST_CASE("What would end a label early is escaped") {
    MetricPage page;
    page.gauge("a", "Of rooms.", 1, {{"room", "say \"hi\"\\\n"}});

    CHECK(has_line(page.text(), R"(a{room="say \"hi\"\\\n"} 1)"));
}

TEST_CASE("Counts of a long life keep their last digit") {
    MetricPage page;
    page.counter("packets_total", "Of packets.", 1234567890123.0);

    CHECK(value_of(page.text(), "packets_total") == 1234567890123.0);
}

TEST_CASE("A process tells its time, memory and descriptors under Prometheus' own names") {
    MetricPage page;

    page.add_process();

    const std::string text = page.text();
    CHECK(has_line(text, "# TYPE process_cpu_seconds_total counter"));
    CHECK(value_of(text, "process_resident_memory_bytes") > 100'000);
    CHECK(value_of(text, "process_virtual_memory_bytes") >
          value_of(text, "process_resident_memory_bytes"));
    CHECK(value_of(text, "process_open_fds") >= 3);
    CHECK(value_of(text, "process_max_fds") >= value_of(text, "process_open_fds"));
    const auto now = static_cast<double>(std::time(nullptr));
    CHECK(value_of(text, "process_start_time_seconds") <= now + 1);
    CHECK(value_of(text, "process_start_time_seconds") > now - 600);
}

TEST_CASE("An opened file is counted") {
    const auto open_files = [] {
        MetricPage page;
        page.add_process();
        return value_of(page.text(), "process_open_fds");
    };
    const double before = open_files();
    const int file = dup(STDOUT_FILENO);
    REQUIRE(file >= 0);

    CHECK(open_files() == before + 1);

    close(file);
}
