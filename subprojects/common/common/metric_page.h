#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

namespace common {

/// One answer to GET /metrics: what a daemon counts, in Prometheus' text format 0.0.4.
///
/// Shape:  samples of one name share help and kind, those of its first one, and stand together
///         whatever the order they were added in. Base units; a counter's name ends in `_total`.
/// Thread: one.
class MetricPage {
  public:
    using Labels = std::initializer_list<std::pair<std::string, std::string>>;
    /// What a daemon answers as Content-Type.
    static constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

    MetricPage();
    ~MetricPage();
    MetricPage(const MetricPage&) = delete;
    MetricPage& operator=(const MetricPage&) = delete;

    void gauge(const std::string& name, const std::string& help, double value, Labels labels = {});
    void counter(const std::string& name, const std::string& help, double value,
                 Labels labels = {});
    /// CPU time, memory, start and open files of this process, under the names that Prometheus'
    /// own clients use (process_...).
    void add_process();
    [[nodiscard]] std::string text() const;

  private:
    struct Families;
    std::unique_ptr<Families> families_;
};

}  // namespace common
