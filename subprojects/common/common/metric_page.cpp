#include "common/metric_page.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <vector>

namespace common {
namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

struct Memory {
    double virtual_bytes = 0, resident_bytes = 0;
};

Memory memory() {
    // proc(5): /proc/self/statm counts pages: the whole, then what is resident.
    std::ifstream statm("/proc/self/statm");
    const auto page_bytes = static_cast<double>(sysconf(_SC_PAGESIZE));
    Memory pages;
    statm >> pages.virtual_bytes >> pages.resident_bytes;
    return {pages.virtual_bytes * page_bytes, pages.resident_bytes * page_bytes};
}

/// The line of /proc/stat that begins with "btime": when the system began, in Unix time.
double boot_time() {
    std::ifstream stat("/proc/stat");
    for (std::string line; std::getline(stat, line);) {
        if (line.starts_with("btime ")) return std::strtod(line.c_str() + 6, nullptr);
    }
    return 0;
}

/// When this process began, in Unix time.
double start_time() {
    // proc(5): the 22nd field of /proc/self/stat, in clock ticks since boot. The second one is a
    // name in parentheses, and may hold anything.
    std::ifstream stat("/proc/self/stat");
    std::string text;
    std::getline(stat, text);
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) return 0;
    std::istringstream fields(text.substr(name_end + 1));
    std::string field;
    for (int i = 3; i <= 22; ++i) fields >> field;
    return boot_time() +
           std::strtod(field.c_str(), nullptr) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double open_descriptors() {
    std::error_code error;
    double count = 0;
    for (auto it = std::filesystem::directory_iterator("/proc/self/fd", error);
         !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
        ++count;
    }
    return std::max(0.0, count - 1);  // the folder itself was open
}

double most_descriptors() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    return static_cast<double>(limit.rlim_cur);
}

}  // namespace

struct MetricPage::Families {
    std::vector<prometheus::MetricFamily> list;

    prometheus::ClientMetric& add(const std::string& name, const std::string& help,
                                  prometheus::MetricType type, Labels labels) {
        auto found = std::ranges::find(list, name, &prometheus::MetricFamily::name);
        if (found == list.end()) found = list.insert(list.end(), {name, help, type, {}});
        prometheus::ClientMetric& metric = found->metric.emplace_back();
        for (const auto& [label, value] : labels) metric.label.push_back({label, value});
        return metric;
    }
};

MetricPage::MetricPage() : families_(std::make_unique<Families>()) {}
MetricPage::~MetricPage() = default;

void MetricPage::gauge(const std::string& name, const std::string& help, double value,
                       Labels labels) {
    families_->add(name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
}

void MetricPage::counter(const std::string& name, const std::string& help, double value,
                         Labels labels) {
    families_->add(name, help, prometheus::MetricType::Counter, labels).counter.value = value;
}

void MetricPage::add_process() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    counter("process_cpu_seconds_total", "CPU time of this daemon, user and system.",
            seconds(usage.ru_utime) + seconds(usage.ru_stime));
    const Memory used = memory();
    gauge("process_resident_memory_bytes", "Memory of this daemon that is resident.",
          used.resident_bytes);
    gauge("process_virtual_memory_bytes", "Address space of this daemon.", used.virtual_bytes);
    static const double began = start_time();
    gauge("process_start_time_seconds", "When this daemon was started, in Unix time.", began);
    gauge("process_open_fds", "Files and sockets that this daemon has open.", open_descriptors());
    gauge("process_max_fds", "As many may be open (RLIMIT_NOFILE).", most_descriptors());
}

std::string MetricPage::text() const {
    return prometheus::TextSerializer().Serialize(families_->list);
}

}  // namespace common
