#include "common/metric_page.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <vector>

namespace common {
namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double resident_bytes() {
    // proc(5): /proc/self/statm counts pages: the whole, then what is resident.
    std::ifstream statm("/proc/self/statm");
    double whole = 0, resident = 0;
    statm >> whole >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
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
    gauge("process_resident_memory_bytes", "Memory of this daemon that is resident.",
          resident_bytes());
}

std::string MetricPage::text() const {
    return prometheus::TextSerializer().Serialize(families_->list);
}

}  // namespace common
