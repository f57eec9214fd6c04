#include "common/log.h"

#include <spdlog/sinks/stdout_sinks.h>

#include <memory>

#include "common/log_level.h"

namespace common {

void init_logging(const std::string& daemon, const std::string& level) {
    auto logger =
        std::make_shared<spdlog::logger>(daemon, std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %n %v", spdlog::pattern_time_type::utc);
    logger->flush_on(spdlog::level::info);
    spdlog::set_default_logger(logger);
    set_log_level(level);
}

void set_log_level(const std::string& level) {
    const auto parsed = spdlog::level::from_str(level);
    // from_str answers "off" for what it does not know; silence is the wrong answer to a typing
    // error.
    spdlog::set_level(parsed == spdlog::level::off && level != "off" ? spdlog::level::info
                                                                     : parsed);
}

}  // namespace common
